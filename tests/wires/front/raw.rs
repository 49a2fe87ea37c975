//! A client that says exactly the bytes it is told to say.

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::site::{LIMIT, Site, secret};

pub struct Raw<S = TcpStream> {
    pub stream: S,
    pub v5: bool,
}

/// A CONNECT in the making.
#[derive(Clone)]
pub struct Hello {
    pub level: u8,
    pub client: String,
    pub user: String,
    pub password: String,
    pub keep_alive: u16,
    pub clean: bool,
    pub will: Option<(String, Vec<u8>, u8, bool)>,
    pub properties: Vec<u8>,
}

impl Hello {
    pub fn v4(dispenser: &str) -> Hello {
        Hello {
            level: 4,
            client: dispenser.to_owned(),
            user: dispenser.to_owned(),
            password: secret(dispenser),
            keep_alive: 0,
            clean: true,
            will: None,
            properties: Vec::new(),
        }
    }

    pub fn v5(dispenser: &str) -> Hello {
        Hello {
            level: 5,
            ..Hello::v4(dispenser)
        }
    }

    pub fn client(mut self, client: &str) -> Hello {
        self.client = client.to_owned();
        self
    }

    pub fn will(mut self, topic: &str, payload: &str, qos: u8, retain: bool) -> Hello {
        self.will = Some((topic.to_owned(), payload.as_bytes().to_vec(), qos, retain));
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut flags = 0xc0 | if self.clean { 2 } else { 0 };
        if let Some((_, _, qos, retain)) = &self.will {
            flags |= 4 | (qos << 3) | if *retain { 0x20 } else { 0 };
        }
        let mut body = text("MQTT");
        body.extend([self.level, flags]);
        body.extend(self.keep_alive.to_be_bytes());
        if self.level == 5 {
            body.push(self.properties.len() as u8);
            body.extend(&self.properties);
        }
        body.extend(text(&self.client));
        if let Some((topic, payload, _, _)) = &self.will {
            if self.level == 5 {
                body.push(0);
            }
            body.extend(text(topic));
            body.extend((payload.len() as u16).to_be_bytes());
            body.extend(payload);
        }
        body.extend(text(&self.user));
        body.extend(text(&self.password));
        packet(0x10, &body)
    }
}

pub fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let more = length > 127;
        bytes.push((length & 127) as u8 | if more { 128 } else { 0 });
        length >>= 7;
        if !more {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

pub fn publish(v5: bool, topic: &str, payload: &[u8], qos: u8) -> Vec<u8> {
    publish_with(v5, topic, payload, qos, &[])
}

pub fn publish_with(v5: bool, topic: &str, payload: &[u8], qos: u8, properties: &[u8]) -> Vec<u8> {
    let mut body = text(topic);
    if qos > 0 {
        body.extend([0, 7]);
    }
    if v5 {
        body.push(properties.len() as u8);
        body.extend(properties);
    }
    body.extend(payload);
    packet(0x30 | (qos << 1), &body)
}

pub fn subscribe(v5: bool, filters: &[(&str, u8)]) -> Vec<u8> {
    let mut body = vec![0, 9];
    if v5 {
        body.push(0);
    }
    for (filter, qos) in filters {
        body.extend(text(filter));
        body.push(*qos);
    }
    packet(0x82, &body)
}

impl Raw {
    pub async fn open(site: &Site) -> Raw {
        let stream = TcpStream::connect(site.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Raw { stream, v5: false }
    }

    /// Connects and expects to be taken.
    pub async fn enter(site: &Site, hello: &Hello) -> Raw {
        let mut raw = Raw::open(site).await;
        raw.greet(hello).await;
        raw
    }

    /// Closes so that the other side sees a reset.
    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    /// Says CONNECT and expects to be taken.
    pub async fn greet(&mut self, hello: &Hello) {
        self.v5 = hello.level == 5;
        self.send(&hello.bytes()).await;
        let (first, body) = self.packet().await;
        assert_eq!((first, &body[..2]), (0x20, &[0, 0][..]), "CONNACK {body:?}");
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        timeout(LIMIT, self.stream.write_all(bytes))
            .await
            .expect("the front reads")
            .unwrap();
    }

    /// The next packet: first byte and body.
    pub async fn packet(&mut self) -> (u8, Vec<u8>) {
        self.packet_or_end()
            .await
            .expect("a packet, not the end of the connection")
    }

    pub async fn packet_or_end(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let first = self.stream.read_u8().await.ok()?;
            let (mut length, mut shift) = (0usize, 0);
            loop {
                let byte = self.stream.read_u8().await.ok()?;
                length |= usize::from(byte & 127) << shift;
                shift += 7;
                if byte < 128 {
                    break;
                }
            }
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).await.ok()?;
            Some((first, body))
        };
        timeout(LIMIT, read).await.expect("a packet or the end in time")
    }

    /// Expects the connection to end, in MQTT 5 with this reason.
    pub async fn expect_cut(&mut self, code: u8) {
        if self.v5 {
            let (first, body) = self.packet().await;
            assert_eq!(
                (first, body.first()),
                (0xe0, Some(&code)),
                "DISCONNECT with {code:#x}, not {body:x?}"
            );
        }
        assert_eq!(self.packet_or_end().await, None, "nothing after that");
    }

    /// Subscribes and expects these codes.
    pub async fn subscribe(&mut self, filters: &[(&str, u8)], codes: &[u8]) {
        self.send(&subscribe(self.v5, filters)).await;
        let (first, body) = self.packet().await;
        let skip = if self.v5 { 3 } else { 2 };
        assert_eq!((first, &body[skip..]), (0x90, codes), "SUBACK for {filters:?}");
    }

    /// The next PUBLISH: topic, payload, QoS, retained; acknowledged if `acknowledge`.
    pub async fn message(&mut self, acknowledge: bool) -> (String, Vec<u8>, u8, bool) {
        let (first, body) = self.packet().await;
        assert_eq!(first & 0xf0, 0x30, "a PUBLISH, not {first:x} {body:x?}");
        let (qos, retained) = ((first >> 1) & 3, first & 1 == 1);
        let topic_bytes = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let topic = String::from_utf8(body[2..2 + topic_bytes].to_vec()).unwrap();
        let mut rest = &body[2 + topic_bytes..];
        if qos > 0 {
            if acknowledge {
                self.send(&[0x40, 2, rest[0], rest[1]]).await;
            }
            rest = &rest[2..];
        }
        if self.v5 {
            rest = &rest[1 + usize::from(rest[0])..];
        }
        (topic, rest.to_vec(), qos, retained)
    }

    /// Shows that the connection lives.
    pub async fn ping(&mut self) {
        self.send(&[0xc0, 0]).await;
        assert_eq!(self.packet().await, (0xd0, Vec::new()));
    }
}
