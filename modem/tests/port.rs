//! The port over a real pseudo terminal: opened, lost, found again under the same link; never shared; never starved.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::{fd::OwnedFd, unix::fs::symlink},
    path::{Path, PathBuf},
    process,
    sync::Arc,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Duration,
};

use kisima_modem::{
    event::{Event, Trouble},
    machine::Data,
    order::{Order, OrderId, Outgoing},
    port::{Options, run},
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::{sync::mpsc, time::timeout};

/// Far more than anything here takes.
const LIMIT: Duration = Duration::from_secs(60);

/// A folder of its own for the link to the terminal.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kisima-modem-{}-{number}", process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn link(&self) -> PathBuf {
        self.0.join("modem")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the folder");
    }
}

/// A modem on a new terminal that the link names. It ends when the terminal is closed, by itself or from here.
fn modem(link: &Path, babbles: bool) -> Arc<AtomicBool> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).expect("it is ours");
    unlockpt(&master).expect("it is ours");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let name = name.into_string().expect("in ASCII");
    if link.is_symlink() {
        fs::remove_file(link).expect("the old link");
    }
    symlink(&name, link).expect("a link");
    let is_pulled = Arc::new(AtomicBool::new(false));
    let pulled = Arc::clone(&is_pulled);
    // Held open here too, so that the modem waits for the driver instead of seeing an end.
    let held = File::options().read(true).write(true).open(&name).expect("it opens");
    thread::spawn(move || serve(master, &pulled, babbles, held));
    is_pulled
}

fn serve(master: OwnedFd, pulled: &AtomicBool, babbles: bool, held: File) {
    let (mut port, mut said) = (File::from(master), Vec::new());
    let mut byte = [0];
    while port.read(&mut byte).is_ok_and(|count| count == 1) {
        if pulled.load(Ordering::Relaxed) {
            break;
        }
        if !matches!(byte[0], b'\r' | 0x1A) {
            said.push(byte[0]);
            continue;
        }
        let line = String::from_utf8_lossy(&said).trim_start_matches('\u{1b}').to_owned();
        said.clear();
        let answer = match line.as_str() {
            text if byte[0] == 0x1A => format!("\r\n+CMGS: {}\r\n\r\nOK\r\n", text.len() % 256),
            command if command.starts_with("AT+CMGS=") => "\r\n> ".to_owned(),
            "AT+CMEE?" => "\r\n+CMEE: 1\r\n\r\nOK\r\n".to_owned(),
            "AT+CPIN?" => "\r\n+CPIN: READY\r\n\r\nOK\r\n".to_owned(),
            _ => "\r\nOK\r\n".to_owned(),
        };
        if babbles {
            // As much as a driver must bear between two answers.
            let noise = "\r\n+CUSD: 0,\"buy!\",15\r\n\r\n\u{7f}#garbage".repeat(500);
            if port.write_all(noise.as_bytes()).is_err() {
                break;
            }
        }
        if port.write_all(answer.as_bytes()).is_err() {
            break;
        }
    }
    drop(held);
}

fn options(link: &Path) -> Options {
    Options {
        port: link.to_owned(),
        baud: 115_200,
        profile: None,
        sim_pin: None,
        pin_note: None,
        data: Data::None,
        power_hook: None,
    }
}

fn text(id: u64) -> Order {
    Order::Send(Outgoing {
        id: OrderId(id),
        to: "+254700000101".to_owned(),
        text: "hello".to_owned(),
        validity: None,
        wants_report: false,
    })
}

/// Reads events up to the first that is wanted.
async fn wait(events: &mut mpsc::Receiver<Event>, wanted: impl Fn(&Event) -> bool) -> Event {
    let find = async {
        loop {
            let event = events.recv().await.expect("the driver runs");
            if wanted(&event) {
                return event;
            }
        }
    };
    timeout(LIMIT, find).await.expect("it comes in time")
}

#[tokio::test]
async fn a_modem_that_is_pulled_and_returns_elsewhere_is_found_by_its_link() {
    let folder = Folder::new();
    let pulled = modem(&folder.link(), false);
    let (orders, from_us) = mpsc::channel(8);
    let (to_us, mut events) = mpsc::channel(8);
    let driver = tokio::spawn(run(options(&folder.link()), from_us, to_us));

    wait(&mut events, |event| matches!(event, Event::Ready(_))).await;
    orders.send(text(1)).await.unwrap();
    // 38 hexadecimal digits, counted by the modem.
    let sent = wait(&mut events, |event| matches!(event, Event::Sent { .. })).await;
    assert_eq!(
        sent,
        Event::Sent {
            id: OrderId(1),
            references: vec![38]
        }
    );

    pulled.store(true, Ordering::Relaxed);
    orders.send(text(2)).await.unwrap();
    wait(&mut events, |event| matches!(event, Event::Down(Trouble::Gone))).await;
    modem(&folder.link(), false);
    wait(&mut events, |event| matches!(event, Event::Ready(_))).await;
    orders.send(text(3)).await.unwrap();
    wait(&mut events, |event| matches!(event, Event::Sent { id: OrderId(3), .. })).await;

    drop(orders);
    timeout(LIMIT, driver).await.expect("it ends with its orders").unwrap();
}

#[tokio::test]
async fn two_programs_do_not_share_a_port_and_the_second_says_so_once() {
    let folder = Folder::new();
    modem(&folder.link(), false);
    let (_first, from_first) = mpsc::channel(8);
    let (to_first, mut first) = mpsc::channel(8);
    let one = tokio::spawn(run(options(&folder.link()), from_first, to_first));
    wait(&mut first, |event| matches!(event, Event::Ready(_))).await;

    let (second, from_second) = mpsc::channel(8);
    let (to_second, mut told) = mpsc::channel(8);
    tokio::spawn(run(options(&folder.link()), from_second, to_second));
    let down = wait(&mut told, |_| true).await;
    assert!(matches!(down, Event::Down(Trouble::NoPort(_))), "{down:?}");

    // The first one leaves, and the second gets its turn: nothing was told in between.
    one.abort();
    let next = wait(&mut told, |event| !matches!(event, Event::Room { .. })).await;
    assert!(matches!(next, Event::Ready(_)), "{next:?}");
    drop(second);
}

#[tokio::test]
async fn a_babbling_modem_still_sends_and_events_wait_for_their_reader() {
    let folder = Folder::new();
    modem(&folder.link(), true);
    let (orders, from_us) = mpsc::channel(8);
    let (to_us, mut events) = mpsc::channel(2);
    tokio::spawn(run(options(&folder.link()), from_us, to_us));
    wait(&mut events, |event| matches!(event, Event::Ready(_))).await;
    orders.send(text(1)).await.unwrap();
    wait(&mut events, |event| matches!(event, Event::Sent { id: OrderId(1), .. })).await;
}

#[tokio::test]
async fn it_ends_with_its_orders_though_nobody_reads_its_events() {
    let folder = Folder::new();
    modem(&folder.link(), true);
    let (orders, from_us) = mpsc::channel(8);
    let (to_us, _events) = mpsc::channel(1);
    let driver = tokio::spawn(run(options(&folder.link()), from_us, to_us.clone()));
    // It has more to tell than there is room for.
    let full = async {
        while to_us.capacity() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, full).await.expect("it tells something");
    drop(orders);
    timeout(LIMIT, driver).await.expect("it ends").unwrap();
}
