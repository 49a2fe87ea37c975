//! Everything that can happen in a world, each at its own time.

use std::fmt;

use hub::hub::{
    effect::Prompt,
    pull::{PullPage, PullQuestion},
};
use kiosk::{ids::ProviderReference, payment::PushAnswer, payment::QueryAnswer, provider::Provider};

/// Bytes on their way. A trace names them by a short hash.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Payload(pub Vec<u8>);

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // FNV-1a, 64 bits: only to tell traces apart.
        let hash = self.0.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        write!(f, "{}b#{hash:016x}", self.0.len())
    }
}

/// A machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// The hub.
    Hub,
    /// The box with this place in the world's list.
    Box(usize),
}

/// What a provider's call was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallAnswer {
    Push(PushAnswer),
    Query(QueryAnswer),
}

/// What goes wrong on a large scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calamity {
    CardSetBack,
    BoxBurnt,
    HubRestored,
}

/// An event. A `run` says of which run of a program it speaks, a `front` of which weather: of an older one it means
/// nothing.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A program starts.
    Start(Node),
    /// A machine handles what waits for it.
    Decide { node: Node, run: u32 },
    /// About a second went by, as far as a machine can tell.
    Tick { node: Node, run: u32 },

    /// A box tries to reach the hub.
    Dial { station: usize, run: u32 },
    /// A connection stands.
    Connected { line: u64 },
    /// A whole frame came.
    Arrived { line: u64, to: Node, bytes: Payload },
    /// One end closes, after what it sent.
    Closes { line: u64 },
    /// One end hears that the connection is gone.
    Broken { line: u64, to: Node },
    /// A site's network comes or goes.
    Network { station: usize, up: bool, front: u32 },

    /// A dispenser connects to its gateway.
    TapJoins { station: usize, run: u32, tap: usize },
    /// A dispenser's message reaches the gateway.
    Heard {
        station: usize,
        run: u32,
        tap: usize,
        topic: String,
        payload: Payload,
    },
    /// A gateway's message reaches a dispenser.
    Told {
        station: usize,
        run: u32,
        tap: usize,
        topic: String,
        payload: Payload,
    },
    /// A dispenser has something to do by itself.
    TapWakes { station: usize, tap: usize },
    /// Water stops flowing.
    PourEnds {
        station: usize,
        tap: usize,
        request: String,
    },
    /// A dispenser's power is back.
    TapPower { station: usize, tap: usize },

    /// A person comes to the kiosk.
    Visit { person: usize },
    /// A person calls by phone, or writes a text.
    Rings { person: usize },
    /// A caller has read the screen.
    Reads { call: usize },
    /// What a caller typed reaches the hub, the first time or again.
    Step { step: usize, tries: u32 },
    /// The network tells the hub that a session is over.
    CallEnds { call: usize },
    /// A person's text reaches the hub, the first time or again.
    Written { text: usize, tries: u32 },
    /// A person runs out of patience.
    Leaves {
        station: usize,
        tap: usize,
        request: String,
    },
    /// Somebody asks the hub, for the first time or again.
    Errand { errand: u64 },

    /// The hub's call reaches the provider.
    Calls { run: u32, purchase: u64, call: Call },
    /// The provider's answer reaches the hub.
    Answered {
        run: u32,
        purchase: u64,
        answer: CallAnswer,
    },
    /// The hub's question for the payments that a provider took reaches it.
    Pulls { run: u32, question: PullQuestion },
    /// The answer reaches the hub.
    Pulled {
        run: u32,
        question: PullQuestion,
        page: Option<PullPage>,
    },
    /// A provider has something to do.
    ProviderDue,
    /// A provider's word reaches the hub, if it is up.
    CalledBack { word: Word },
    /// The hub's answer whether to take a direct payment has reached its provider, or time is up.
    Judged { offer: usize, answer: Option<String> },
    /// A text was delivered.
    Texted { run: u32, outbox: i64 },
    /// A gateway's modem is in its network.
    SimReady { station: usize, run: u32 },
    /// The modem hands a text to the network.
    SimSends {
        station: usize,
        run: u32,
        id: u64,
        to: String,
        body: Payload,
    },
    /// A text of a SIM reaches the hub, the first time or again.
    HandedIn { text: usize, tries: u32 },
    /// A text of the hub reaches a SIM.
    TextForSim { station: usize, body: Payload },

    /// Something terrible.
    Strikes { calamity: Calamity, front: u32 },
    /// The hub is copied to a backup, and cards are copied by chance.
    Copies { front: u32 },
}

/// A call of the hub to a payment provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) provider: Provider,
    pub(crate) ask: Ask,
}

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Ask the customer to pay.
    Push(Prompt),
    /// Ask what became of it.
    Query { reference: ProviderReference },
}

/// What a provider says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) provider: Provider,
    pub(crate) url: String,
    pub(crate) body: String,
    /// The direct payment that it asks about.
    pub(crate) offer: Option<usize>,
}
