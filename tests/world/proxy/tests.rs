use std::time::Duration;

use tokio::time::timeout;

use super::*;

const LIMIT: Duration = Duration::from_secs(10);

/// A server that says back what it hears.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (mut from, mut to) = stream.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from, &mut to).await });
        }
    });
    address
}

/// Says `text` and hears as much again; fewer when the connection ended.
async fn say(stream: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    if stream.write_all(text).await.is_err() {
        return Vec::new();
    }
    let mut heard = Vec::new();
    let mut piece = [0; 64];
    while heard.len() < text.len() {
        match timeout(LIMIT, stream.read(&mut piece)).await.unwrap() {
            Ok(taken @ 1..) => heard.extend_from_slice(&piece[..taken]),
            _ => break,
        }
    }
    heard
}

#[tokio::test]
async fn the_switch_cuts_what_stands_and_what_comes() {
    let proxy = Proxy::start().await.unwrap();
    proxy.lead_to(echo().await);
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut stream, b"water").await, b"water");
    assert_eq!((proxy.carried(), proxy.sent(), proxy.connections()), (10, 5, 1));
    proxy.set(Weather::Cut);
    assert_eq!(say(&mut stream, b"water").await, b"");
    let mut second = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut second, b"water").await, b"");
    proxy.set(Weather::Open);
    let mut third = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut third, b"water").await, b"water");
}

#[tokio::test]
async fn silence_keeps_what_is_said_and_a_reset_comes_at_its_byte() {
    let proxy = Proxy::start().await.unwrap();
    proxy.lead_to(echo().await);
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut stream, b"before").await, b"before");
    proxy.set(Weather::Silent);
    stream.write_all(b"meanwhile").await.unwrap();
    let mut piece = [0; 64];
    let nothing = timeout(Duration::from_millis(50), stream.read(&mut piece)).await;
    assert!(nothing.is_err(), "{nothing:?}");
    proxy.set(Weather::Open);
    let taken = timeout(LIMIT, stream.read(&mut piece)).await.unwrap().unwrap();
    assert_eq!(&piece[..taken], b"meanwhile");

    proxy.set(Weather::ResetAfter(8));
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut stream, b"water").await, b"wat");
}
