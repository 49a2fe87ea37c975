//! Dialogues with modems, written from the manuals' forms and recorded from none, against the machine; and what must hold whatever comes.

mod player;
mod storm;

use player::{Feeding, Player};

/// A transcript must hold however its bytes arrive.
fn play(name: &str) {
    for feeding in [Feeding::Whole, Feeding::Bytes, Feeding::Echo, Feeding::Talk] {
        Player::play(name, feeding);
    }
}

macro_rules! transcripts {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            play(concat!(stringify!($name), ".txt"));
        })*

        #[test]
        fn every_transcript_is_played() {
            let known = [$(concat!(stringify!($name), ".txt")),*];
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
            for entry in std::fs::read_dir(folder).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(!name.ends_with(".txt") || known.contains(&name.as_str()), "{name} is not played");
            }
        }
    };
}

transcripts! {
    sim7600_start sim7670_start ec25_start huawei_start generic_start
    receives sweeps full_store sends reports_acknowledged ussd_plain ussd_packed unasked data_ecm data_ecm_huawei
    sim_missing sim_pin_wrong sim_pin_unheard sim_pin_tried_before sim_pin_noted sim_pin_corrected store_late
    mute falls_silent restarts vanishes
    handed_over late_checks ussd_crossing clock two_stores shelf_odds restarts_early reports_early forgets_late
}
