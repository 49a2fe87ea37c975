//! What texts are for, where they stand, and what the network says of them.

pub use kiosk::talk::TextState;

/// What a text is for. The order is the order in which they are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// It carries sync.
    Sync,
    /// It answers somebody.
    Answer,
    /// It tells the technician what is wrong.
    Alarm,
    /// The hub asked for it.
    Hub,
    /// It goes to many.
    Broadcast,
}

impl Purpose {
    /// All of them, the most urgent first.
    pub const ALL: [Purpose; 5] = [
        Purpose::Sync,
        Purpose::Answer,
        Purpose::Alarm,
        Purpose::Hub,
        Purpose::Broadcast,
    ];

    /// The word in the database and on pages.
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Sync => "sync",
            Purpose::Answer => "answer",
            Purpose::Alarm => "alarm",
            Purpose::Hub => "hub",
            Purpose::Broadcast => "broadcast",
        }
    }

    /// The purpose with this word.
    pub fn from_name(name: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// What can be done about a text that was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The same may work later.
    TryLater,
    /// It may work a few times, slowly.
    TryRarely,
    /// It will never work.
    GiveUp,
    /// Somebody must look after the SIM or the settings first.
    AskPerson,
}

/// What became of a part that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is on the phone.
    Delivered,
    /// The network still tries.
    Trying,
    /// It will not arrive.
    Failed,
}
