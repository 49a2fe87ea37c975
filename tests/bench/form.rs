//! As much of HTTP/1.1 as posting a form over one kept connection takes, by hand so that the load generator weighs
//! little: it shares two cores with what it measures.

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The largest answer that is read; screens are far smaller.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// One connection.
pub struct Poster {
    stream: TcpStream,
    server: String,
    output: Vec<u8>,
    input: Vec<u8>,
}

impl Poster {
    /// Connects to `HOST:PORT`.
    pub async fn open(server: &str) -> anyhow::Result<Poster> {
        let stream = TcpStream::connect(server)
            .await
            .with_context(|| format!("connect to {server}"))?;
        stream.set_nodelay(true)?;
        Ok(Poster {
            stream,
            server: server.to_owned(),
            output: Vec::with_capacity(1_024),
            input: Vec::with_capacity(1_024),
        })
    }

    /// Posts a form; the body of the answer, which has to be a 200.
    pub async fn post(&mut self, path: &str, form: &str) -> anyhow::Result<&str> {
        self.output.clear();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
            self.server,
            form.len()
        );
        self.output.extend_from_slice(head.as_bytes());
        self.output.extend_from_slice(form.as_bytes());
        self.stream.write_all(&self.output).await?;
        self.input.clear();
        let (start, length) = loop {
            if let Some(found) = head_of(&self.input)? {
                break found;
            }
            self.more().await?;
        };
        while self.input.len() < start + length {
            self.more().await?;
        }
        let answer = std::str::from_utf8(&self.input[..start + length])?;
        if !answer.starts_with("HTTP/1.1 200 ") {
            bail!("{path}: {answer}");
        }
        Ok(&answer[start..])
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.input).await? == 0 {
            bail!("{} closed the connection", self.server);
        }
        if self.input.len() > ANSWER_BYTES_MAX {
            bail!("{} answers too much", self.server);
        }
        Ok(())
    }
}

/// Where the body begins, and how long it is; `None` until that can be told.
fn head_of(input: &[u8]) -> anyhow::Result<Option<(usize, usize)>> {
    let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&input[..end])?;
    let is_length = |line: &&str| line.len() > 15 && line.as_bytes()[..15].eq_ignore_ascii_case(b"content-length:");
    let line = head.lines().find(is_length).context("an answer without a length")?;
    Ok(Some((end + 4, line[15..].trim().parse()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_where_the_body_is() {
        assert_eq!(head_of(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n").unwrap(), None);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ndate: today\r\n\r\nEND a";
        assert_eq!(head_of(answer).unwrap(), Some((answer.len() - 5, 5)));
        assert!(head_of(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
