//! What people do at their phones: they dial, look, change their mind, mistype, hang up, register.

/// What is typed, and what the screen after it has to hold.
type Step = (&'static str, &'static str);

/// One session.
#[derive(Clone, Copy, Debug)]
pub struct Journey {
    /// Somebody whom nobody knows yet.
    pub is_new: bool,
    /// From the dialling, which types nothing.
    pub steps: &'static [Step],
    /// The network says in the end that the session is over; otherwise the last screen does.
    pub hangs_up: bool,
}

const fn known(steps: &'static [Step]) -> Journey {
    Journey {
        is_new: false,
        steps,
        hangs_up: false,
    }
}

const fn cut(steps: &'static [Step]) -> Journey {
    Journey {
        is_new: false,
        steps,
        hangs_up: true,
    }
}

const HOME: Step = ("", "CON Hello Customer");
const BACK_HOME: Step = ("0", "CON Hello Customer");
const MINE: Step = ("2", "CON MY WATER");
const BALANCE: Step = ("1", "CON Prepaid: 0 l");
const USAGE: Step = ("4", "CON This week: 0 l");
const OUT: Step = ("0", "END Thank you. Goodbye.");

/// In turn, each as often as any other.
pub const JOURNEYS: [Journey; 8] = [
    known(&[HOME, MINE, BALANCE, ("0", "CON MY WATER"), BACK_HOME, OUT]),
    cut(&[HOME, MINE, BALANCE]),
    known(&[HOME, MINE, USAGE, ("0", "CON MY WATER"), BACK_HOME, OUT]),
    cut(&[HOME, MINE, USAGE]),
    // To Swahili and back, so that the next session reads English again.
    known(&[
        HOME,
        ("7", "CON MY ACCOUNT"),
        ("1", "CON LANGUAGE"),
        ("2", "CON Imekamilika."),
        ("0", "CON Karibu Customer"),
        ("7", "CON AKAUNTI YANGU"),
        ("1", "CON LUGHA"),
        ("1", "CON Done."),
        BACK_HOME,
        OUT,
    ]),
    known(&[
        HOME,
        ("8", "CON Invalid choice\nHello"),
        MINE,
        ("maji", "CON Invalid choice\nMY WATER"),
        BACK_HOME,
        OUT,
    ]),
    known(&[HOME, ("4", "CON You have no orders yet."), BACK_HOME, OUT]),
    Journey {
        is_new: true,
        steps: &[
            ("", "CON Enter your name"),
            ("Amina Odhiambo", "CON Enter your city"),
            ("Kisumu", "CON Enter 4-digit PIN"),
            ("4071", "CON Enter the PIN again"),
            ("4071", "CON Name: Amina Odhiambo\nCity: Kisumu"),
            ("1", "CON Account created! ID: "),
            ("0", "CON Hello Amina"),
            OUT,
        ],
        hangs_up: false,
    },
];
