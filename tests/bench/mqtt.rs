//! As much of MQTT 3.1.1 as a load generator needs, packed by hand so that the generator weighs little: it shares two
//! cores with what it measures. Numbers in brackets are sections of the OASIS standard of 29 October 2014.

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The largest packet that is read; answers are far smaller.
const PACKET_BYTES_MAX: usize = 64 * 1024;

/// A message that arrived.
pub struct Message<'a> {
    /// Its full topic.
    pub topic: &'a str,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
    packet_id: u16,
}

impl Connection {
    /// Connects with a clean session; a refusal is an error.
    pub async fn open(server: &str, client_id: &str, login: Option<(&str, &str)>) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(server)
            .await
            .with_context(|| format!("connect to {server}"))?;
        stream.set_nodelay(true)?;
        let (input, output) = (Vec::with_capacity(4_096), Vec::with_capacity(4_096));
        let mut connection = Connection {
            stream,
            input,
            taken: 0,
            output,
            packet_id: 0,
        };
        // [3.1] protocol name, level 4, flags, keep-alive 0 seconds would be refused by some: ten minutes.
        let flags = if login.is_some() { 0b1100_0010 } else { 0b0000_0010 };
        let mut body = Vec::new();
        text(&mut body, "MQTT");
        body.extend([4, flags]);
        body.extend(600_u16.to_be_bytes());
        text(&mut body, client_id);
        for part in login.into_iter().flat_map(|(user, password)| [user, password]) {
            text(&mut body, part);
        }
        connection.packet(0x10, &body);
        connection.flush().await?;
        match connection.read().await? {
            // [3.2] session present, return code.
            (0x20, body) if body.get(1) == Some(&0) => Ok(connection),
            (0x20, body) => bail!("{client_id} was refused with CONNACK {:?}", body.get(1)),
            (kind, _) => bail!("packet {kind:#x} in place of CONNACK"),
        }
    }

    /// Subscribes at QoS 1 and waits until it stands.
    pub async fn subscribe(&mut self, filter: &str) -> anyhow::Result<()> {
        let mut body = self.next_id().to_be_bytes().to_vec();
        text(&mut body, filter);
        body.push(1);
        self.packet(0x82, &body);
        self.flush().await?;
        loop {
            match self.read().await? {
                // [3.9] packet id, then one return code a filter.
                (0x90, body) if body.get(2).is_some_and(|code| *code <= 1) => return Ok(()),
                (0x90, body) => bail!("{filter} was refused with SUBACK {:?}", body.get(2)),
                _ => {}
            }
        }
    }

    /// Queues a message at QoS 1; [`Connection::flush`] sends it.
    pub fn publish(&mut self, topic: &str, payload: &[u8]) {
        let id = self.next_id();
        // [3.3] topic, packet id, payload.
        let length = 2 + topic.len() + 2 + payload.len();
        self.header(0x32, length);
        text(&mut self.output, topic);
        self.output.extend(id.to_be_bytes());
        self.output.extend_from_slice(payload);
    }

    /// Sends what is queued.
    pub async fn flush(&mut self) -> anyhow::Result<()> {
        self.stream.write_all(&self.output).await?;
        self.output.clear();
        Ok(())
    }

    /// The next message; its acknowledgement is queued and goes out with the next flush.
    pub async fn message(&mut self) -> anyhow::Result<Message<'_>> {
        loop {
            let kind = self.fill().await?;
            if kind & 0xf0 == 0x30 {
                break self.parse_publish(kind);
            }
        }
    }

    fn parse_publish(&mut self, kind: u8) -> anyhow::Result<Message<'_>> {
        let body = &self.input[..self.taken];
        let body = &body[header_length(body).context("a packet has a header")?.0..];
        let topic_length = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let (topic, mut payload) = body[2..]
            .split_at_checked(topic_length)
            .context("PUBLISH with a broken topic")?;
        if kind & 0b0110 != 0 {
            let (id, rest) = payload.split_at_checked(2).context("PUBLISH without a packet id")?;
            self.output.extend([0x40, 2, id[0], id[1]]);
            payload = rest;
        }
        Ok(Message {
            topic: std::str::from_utf8(topic)?,
            payload,
        })
    }

    /// Reads one whole packet of any kind.
    async fn read(&mut self) -> anyhow::Result<(u8, &[u8])> {
        let kind = self.fill().await?;
        let packet = &self.input[..self.taken];
        let start = header_length(packet).context("a packet has a header")?.0;
        Ok((kind, &packet[start..]))
    }

    /// Lets go of the packet before and puts the next one at the front of the buffer; its first byte is returned.
    async fn fill(&mut self) -> anyhow::Result<u8> {
        self.input.drain(..self.taken);
        self.taken = 0;
        loop {
            if let Some((start, length)) = header_length(&self.input) {
                if length > PACKET_BYTES_MAX {
                    bail!("a packet of {length} bytes");
                }
                if self.input.len() >= start + length {
                    self.taken = start + length;
                    return Ok(self.input[0]);
                }
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                bail!("the server closed the connection");
            }
        }
    }

    fn packet(&mut self, kind: u8, body: &[u8]) {
        self.header(kind, body.len());
        self.output.extend_from_slice(body);
    }

    /// [2.2] the first byte and the remaining length in groups of seven bits.
    fn header(&mut self, kind: u8, mut length: usize) {
        self.output.push(kind);
        loop {
            let low = (length & 0x7f) as u8;
            length >>= 7;
            self.output.push(if length > 0 { low | 0x80 } else { low });
            if length == 0 {
                break;
            }
        }
    }

    fn next_id(&mut self) -> u16 {
        self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
        self.packet_id
    }
}

/// Where the body of the packet at the front begins, and how long it is; `None` until that can be told.
fn header_length(input: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (place, byte) in input.iter().enumerate().skip(1).take(4) {
        length |= usize::from(byte & 0x7f) << (7 * (place - 1));
        if byte & 0x80 == 0 {
            return Some((place + 1, length));
        }
    }
    None
}

fn text(output: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("topics and names are short");
    output.extend(length.to_be_bytes());
    output.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_groups_of_seven_bits() {
        assert_eq!(header_length(&[0x30]), None);
        assert_eq!(header_length(&[0x30, 5, 0]), Some((2, 5)));
        assert_eq!(header_length(&[0x30, 0x80]), None);
        assert_eq!(header_length(&[0x30, 0xc1, 0x02]), Some((3, 321)));
    }

    #[tokio::test]
    async fn a_message_goes_out_and_comes_back() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; 1_024];
            let connect = socket.read(&mut heard).await.unwrap();
            assert_eq!(
                &heard[..connect],
                b"\x10\x12\0\x04MQTT\x04\xc2\x02\x58\0\x01a\0\x01u\0\0"
            );
            socket.write_all(&[0x20, 2, 0, 0]).await.unwrap();
            let publish = socket.read(&mut heard).await.unwrap();
            assert_eq!(&heard[..publish], b"\x32\x07\0\x01t\0\x01hi");
            // In two pieces and behind an acknowledgement, as a network does.
            socket.write_all(b"\x40\x02\0\x01\x32\x07\0").await.unwrap();
            tokio::task::yield_now().await;
            socket.write_all(b"\x01t\x01\x02yo").await.unwrap();
            let ack = socket.read(&mut heard).await.unwrap();
            assert_eq!(&heard[..ack], b"\x40\x02\x01\x02");
        });
        let mut connection = Connection::open(&address, "a", Some(("u", ""))).await.unwrap();
        connection.publish("t", b"hi");
        connection.flush().await.unwrap();
        let message = connection.message().await.unwrap();
        assert_eq!((message.topic, message.payload), ("t", b"yo".as_slice()));
        connection.flush().await.unwrap();
        server.await.unwrap();
    }
}
