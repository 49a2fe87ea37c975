//! Whatever bytes come, in whatever order and time: nothing panics, little is held, and a modem that behaves again works
//! again.

use kisima_modem::{
    event::{Event, Trouble},
    machine::{Input, Settings},
    order::{Order, OrderId, Outgoing},
};
use proptest::prelude::*;

use crate::player::{Feeding, Player};

/// A modem that answers every command as a good one does.
fn good(player: &mut Player, said: &str) {
    let said = said.trim_start_matches("<esc>");
    let answer = match said {
        "AT+CMEE?" => "+CMEE: 1",
        "AT+CGMI" => "Acme",
        "AT+CGMM" => "M1",
        "AT+CGMR" => "V1",
        "AT+CPIN?" => "+CPIN: READY",
        "AT+CNMI=?" => "+CNMI: (0-2),(0-3),(0,2,3),(0-2),(0,1)",
        "AT+CREG?" => "+CREG: 2,1",
        _ => "",
    };
    let bytes = match said {
        "" => String::new(),
        command if command.starts_with("AT+CMGS=") => "\r\n> ".to_owned(),
        text if text.ends_with("<sub>") => "\r\n+CMGS: 9\r\n\r\nOK\r\n".to_owned(),
        _ => format!("\r\n{answer}\r\n\r\nOK\r\n"),
    };
    player.modem_says(bytes.as_bytes());
}

/// Gives the port when it is wanted; what was written before went nowhere.
fn obey(player: &mut Player) {
    while let Some(wanted) = player.wanted() {
        if wanted.starts_with("open") {
            while player.said().is_some() {}
            player.input(Input::Opened);
        }
    }
}

/// Lets a good modem answer for some minutes.
fn behave(player: &mut Player, minutes: u64) -> Vec<Event> {
    let mut told = Vec::new();
    for _ in 0..minutes * 60 {
        obey(player);
        for _ in 0..200 {
            let Some(said) = player.said() else {
                break;
            };
            good(player, &said);
            obey(player);
        }
        told.extend(player.told());
        player.pass(1_000);
    }
    told
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

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop_oneof![
        Just("\r\nOK\r\n"),
        Just("\r\nERROR\r\n"),
        Just("\r\n> "),
        Just("\r\n+CMEE: 1\r\n"),
        Just("\r\n+CME ERROR: 10\r\n"),
        Just("\r\n+CME ERROR: 14\r\n"),
        Just("\r\n+CMS ERROR: 500\r\n"),
        Just("\r\n+CPIN: READY\r\n"),
        Just("\r\n+CPIN: SIM PIN\r\n"),
        Just("\r\n+CPIN: NOT INSERTED\r\n"),
        Just("\r\n+CMTI: \"SM\",65535\r\n"),
        Just("\r\n+CDSI: \"SR\",1\r\n"),
        Just("\r\n+CDS: 25\r\n0006040C91527400001010623010012233216230100122432100\r\n"),
        Just("\r\n+CMGL: 1,0,,24\r\n00040C9152740000101000006230100122332105E8329BFD06\r\n"),
        Just("\r\n+CMGR: 0,,24\r\n00440C915274000010100008623010012233210A050003AA020100680061\r\n"),
        Just("\r\n+CMGS: 300\r\n"),
        Just("\r\n+CUSD: 1,\"a"),
        Just("\r\n+CUSD: 2\r\n"),
        Just("\",15\r\n"),
        Just("\r\n+CPMS: \"SM\",20,20\r\n"),
        Just("\r\nRDY\r\n"),
    ];
    prop_oneof![
        3 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_machine_recovers(
        pieces in proptest::collection::vec((piece(), 0_u64..20_000, 0_u8..20), 0..120),
    ) {
        let mut player = Player::new(Settings::default(), Feeding::Whole);
        player.open();
        let (mut next, mut open, mut told) = (0, 0, Vec::new());
        for (bytes, ms, order) in pieces {
            player.modem_says(&bytes);
            match order {
                0..=3 => {
                    next += 1;
                    player.input(Input::Order(text(next)));
                }
                4 => player.input(Input::Order(Order::Dial { id: OrderId(10_000 + next), code: "*1#".to_owned() })),
                5 => player.input(Input::Closed(Trouble::Gone)),
                _ => {}
            }
            obey(&mut player);
            player.pass(ms);
            told.extend(player.told());
        }
        // At most a quarter of an hour of waiting for a card, and a few minutes of commands that nobody answered.
        told.extend(behave(&mut player, 20));
        player.input(Input::Order(text(9_999)));
        let after = behave(&mut player, 1);
        let sent = Event::Sent { id: OrderId(9_999), references: vec![9] };
        prop_assert!(after.contains(&sent), "{after:?} after {told:?}");
        told.extend(after);
        // Each order has exactly one answer.
        for event in &told {
            if let Event::Sent { .. } | Event::NotSent { .. } | Event::Unsure { .. } = event {
                open += 1;
            }
        }
        prop_assert_eq!(open, next + 1);
    }
}

/// What a machine writes in a flood is not more than what comes, and it holds little.
#[test]
fn a_minute_of_garbage_is_survived() {
    let mut player = Player::new(Settings::default(), Feeding::Whole);
    player.open();
    let mut seed = 0x9E37_79B9_u32;
    let mut written = 0;
    // 115200 baud is 11520 bytes a second.
    for _ in 0..60 * 100 {
        let garbage: Vec<u8> = (0..115)
            .map(|_| {
                seed ^= seed << 13;
                seed ^= seed >> 17;
                seed ^= seed << 5;
                seed.to_le_bytes()[0]
            })
            .collect();
        player.modem_says(&garbage);
        player.pass(10);
        while let Some(said) = player.said() {
            written += said.len();
        }
        obey(&mut player);
    }
    assert!(written < 10_000, "{written} bytes were written");
    let told = behave(&mut player, 5);
    assert!(told.iter().any(|event| matches!(event, Event::Ready(_))), "{told:?}");
}

/// A store that names texts without end does not keep a text from going out.
#[test]
fn a_flood_of_indices_does_not_starve_orders() {
    let mut player = Player::new(Settings::default(), Feeding::Whole);
    player.open();
    behave(&mut player, 2);
    for slot in 0..=u16::MAX {
        player.modem_says(format!("\r\n+CMTI: \"SM\",{slot}\r\n").as_bytes());
    }
    player.input(Input::Order(text(1)));
    for _ in 0..8 {
        let said = player.said().expect("it is at work");
        good(&mut player, &said);
    }
    assert!(player.told().iter().any(|event| matches!(event, Event::Sent { .. })));
}

#[test]
fn the_sixty_fifth_text_is_refused_at_once() {
    let mut player = Player::new(Settings::default(), Feeding::Whole);
    player.open();
    behave(&mut player, 2);
    // One is under way, 64 wait.
    for id in 1..=65 {
        player.input(Input::Order(text(id)));
    }
    assert_eq!(player.told(), []);
    player.input(Input::Order(text(66)));
    assert!(matches!(
        player.told().as_slice(),
        [Event::NotSent { id: OrderId(66), .. }]
    ));
}

/// A store that lists texts without end is believed up to a limit, and what it holds beyond is left there.
#[test]
fn a_list_without_end_is_heard_to_a_limit() {
    let mut player = Player::new(Settings::default(), Feeding::Whole);
    player.open();
    for _ in 0..100 {
        let Some(said) = player.said().filter(|said| said != "AT+CMGL=4") else {
            break;
        };
        good(&mut player, &said);
    }
    player.told();
    for slot in 0..5_000 {
        let text = format!("\r\n+CMGL: {slot},0,,24\r\n00040C9152740000101000006230100122332105E8329BFD06\r\n");
        player.modem_says(text.as_bytes());
    }
    assert_eq!(player.told().len(), 1_000);
}

/// A prompt that nobody waits for is answered by ESC, or it would swallow the next command, and by a question that brings
/// ends and commands into step again; but not each of a flood.
#[test]
fn a_flood_of_prompts_is_not_answered_by_a_flood() {
    let mut player = Player::new(Settings::default(), Feeding::Whole);
    player.open();
    behave(&mut player, 2);
    for _ in 0..1_000 {
        player.modem_says(b"\r\n> ");
    }
    assert_eq!(player.said().as_deref(), Some("<esc>AT+CMEE?"));
    assert_eq!(player.said(), None);
}

/// Lets a modem answer for some minutes, except where this has another answer; how often it was restarted.
fn restarts(player: &mut Player, minutes: u64, other: impl Fn(&str) -> Option<&'static str>) -> usize {
    let mut restarts = 0;
    for _ in 0..minutes * 60 {
        loop {
            while let Some(said) = player.said() {
                restarts += usize::from(said == "<esc>AT+CFUN=1,1");
                match other(&said) {
                    Some(answer) => player.modem_says(answer.as_bytes()),
                    None => good(player, &said),
                }
            }
            match player.wanted() {
                Some(_) => player.input(Input::Opened),
                None => break,
            }
        }
        player.pass(1_000);
    }
    restarts
}

/// Many modems see a card that was put in late only after a restart.
#[test]
fn a_modem_without_a_card_is_restarted_now_and_then() {
    let mut player = Player::new(Settings::default(), Feeding::Whole);
    player.open();
    let without = |said: &str| (said == "AT+CPIN?").then_some("\r\n+CME ERROR: 10\r\n");
    assert_eq!(restarts(&mut player, 5, without), 0);
    assert!((1..=8).contains(&restarts(&mut player, 60, without)));
    let told = player.told();
    let told_off = told.iter().filter(|event| **event == Event::Down(Trouble::NoSim));
    assert_eq!(told_off.count(), 1, "said once: {told:?}");
}

/// A modem can lose the network for good until it is restarted.
#[test]
fn a_modem_without_a_network_is_restarted_after_an_hour() {
    let mut player = Player::new(Settings::default(), Feeding::Whole);
    player.open();
    assert_eq!(restarts(&mut player, 70, |_| None), 0, "it is in a network");
    let without = |said: &str| (said == "AT+CREG?").then_some("\r\n+CREG: 2,2\r\n\r\nOK\r\n");
    assert_eq!(restarts(&mut player, 55, without), 0);
    assert_eq!(restarts(&mut player, 10, without), 1);
}

/// What is due from time to time is due at each start, too: a modem that starts again and again, from whatever cause, is
/// looked through, asked and used as one that stays.
#[test]
fn a_modem_that_starts_all_the_time_starves_no_housekeeping() {
    const STARTS: usize = 40;
    let mut player = Player::new(Settings::default(), Feeding::Whole);
    player.open();
    behave(&mut player, 2);
    let asked = ["AT+CMGL=4", "AT+CCLK?", "AT+CSQ", "AT+CREG?", "AT+COPS?", "AT+CPMS?"];
    let mut counts = [0; 6];
    for start in 0..STARTS {
        // Shorter than any of them is apart.
        match start % 3 {
            0 => player.modem_says(b"\r\nRDY\r\n"),
            1 => player.modem_says(b"\r\n+CPIN: SIM PIN\r\n"),
            _ => player.input(Input::Closed(Trouble::Gone)),
        }
        obey(&mut player);
        for _ in 0..15 {
            while let Some(said) = player.said() {
                for (count, command) in counts.iter_mut().zip(asked) {
                    *count += usize::from(said.trim_start_matches('\u{1b}') == command);
                }
                good(&mut player, &said);
                obey(&mut player);
            }
            player.pass(1_000);
        }
        let id = OrderId(start as u64);
        player.input(Input::Order(text(id.0)));
        for _ in 0..2 {
            let said = player.said().expect("a text goes out");
            good(&mut player, &said);
        }
        let told = player.told();
        assert!(
            told.contains(&Event::Sent {
                id,
                references: vec![9]
            }),
            "{start}: {told:?}"
        );
    }
    for (count, command) in counts.into_iter().zip(asked) {
        assert!(count >= STARTS, "{command}: {count}");
    }
}
