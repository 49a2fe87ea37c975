//! The driver at a real pty: set up, told, sent, dialled, pulled out and found again.

use modem::{
    event::{Body, Event, Trouble},
    machine::Data,
    order::{Order, OrderId, Outgoing},
    port::{self, Options},
};
use tokio::{sync::mpsc, time::timeout};
use world::{
    modem::{Told, happening::Happening},
    processes::Folder,
};

use crate::{WITHIN, port as pretend, text};

/// The driver's two ends.
struct Driver {
    orders: mpsc::Sender<Order>,
    events: mpsc::Receiver<Event>,
}

impl Driver {
    fn start(folder: &Folder, pin: Option<&str>) -> Driver {
        let options = Options {
            port: folder.path().join("ttyModem"),
            baud: 115_200,
            profile: None,
            sim_pin: pin.map(str::to_owned),
            pin_note: None,
            data: Data::None,
            power_hook: None,
        };
        let (orders, ordered) = mpsc::channel(8);
        let (tell, events) = mpsc::channel(8);
        tokio::spawn(port::run(options, ordered, tell));
        Driver { orders, events }
    }

    /// The next event that `pick` likes.
    async fn until<T>(&mut self, what: &str, pick: impl Fn(Event) -> Option<T>) -> T {
        let found = timeout(WITHIN, async {
            loop {
                let event = self.events.recv().await.expect("the driver runs");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        });
        found.await.unwrap_or_else(|_| panic!("no {what}"))
    }

    async fn ready(&mut self) {
        self.until("Ready", |event| matches!(event, Event::Ready(_)).then_some(()))
            .await;
    }
}

#[tokio::test]
async fn texts_and_menus_go_both_ways_over_a_pty() {
    for profile in ["sim7670g", "e173"] {
        let folder = Folder::new("driver").unwrap();
        let mut modem = pretend(profile, &folder.path().join("ttyModem"));
        let mut driver = Driver::start(&folder, None);
        driver.ready().await;

        modem.happen(text("+254700000101", "BALANCE"));
        let incoming = driver.until("Received", |event| match event {
            Event::Received(incoming) => Some(incoming),
            _ => None,
        });
        let incoming = incoming.await;
        assert_eq!(
            (incoming.from.as_str(), incoming.body),
            ("+254700000101", Body::Text("BALANCE".into()))
        );
        driver.orders.send(Order::Forget(incoming.slots)).await.unwrap();

        let outgoing = Outgoing {
            id: OrderId(1),
            to: "+254700000101".into(),
            text: "Salio: lita 20".into(),
            validity: None,
            wants_report: true,
        };
        driver.orders.send(Order::Send(outgoing)).await.unwrap();
        driver
            .until("Reported", |event| {
                matches!(event, Event::Reported { .. }).then_some(())
            })
            .await;
        let told = Told::Text {
            to: "+254700000101".into(),
            text: "Salio: lita 20".into(),
        };
        assert_eq!(timeout(WITHIN, modem.told()).await.unwrap(), Some(told));

        modem.happen(Happening::Menu(vec!["*144#".into()], "Bal: Ksh 25.00".into()));
        driver
            .orders
            .send(Order::Dial {
                id: OrderId(2),
                code: "*144#".into(),
            })
            .await
            .unwrap();
        let shown = driver.until("Ussd", |event| match event {
            Event::Ussd {
                id: Some(OrderId(2)),
                text,
                ..
            } => Some(text),
            _ => None,
        });
        assert_eq!(shown.await, "Bal: Ksh 25.00", "{profile}");
    }
}

#[tokio::test]
async fn a_modem_that_was_pulled_out_is_found_under_its_new_name() {
    let folder = Folder::new("driver").unwrap();
    let link = folder.path().join("ttyModem");
    let modem = pretend("sim7600", &link);
    let before = std::fs::read_link(&link).unwrap();
    // The old name stays taken, so that the port comes back under another one.
    let _taken = std::fs::File::open(&before).unwrap();
    let mut driver = Driver::start(&folder, None);
    driver.ready().await;
    modem.happen(Happening::Remove);
    let trouble = driver.until("Down", |event| match event {
        Event::Down(trouble) => Some(trouble),
        _ => None,
    });
    assert_eq!(trouble.await, Trouble::Gone);
    modem.happen(Happening::Plug);
    driver.ready().await;
    assert_ne!(std::fs::read_link(&link).unwrap(), before);
}

#[tokio::test]
async fn a_pin_opens_the_card() {
    let folder = Folder::new("driver").unwrap();
    let modem = pretend("ec25", &folder.path().join("ttyModem"));
    modem.happen(Happening::Pin("1234".into()));
    Driver::start(&folder, Some("1234")).ready().await;
}
