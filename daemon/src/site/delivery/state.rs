//! What texts are for, where they stand, and what the network says of them.

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

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextState {
    /// Waits to be handed over.
    Queued,
    /// Handed over.
    Sending,
    /// The network took it.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It will not arrive.
    Failed,
    /// It may have been sent.
    Unknown,
}

impl TextState {
    const ALL: [TextState; 6] = [
        TextState::Queued,
        TextState::Sending,
        TextState::Sent,
        TextState::Delivered,
        TextState::Failed,
        TextState::Unknown,
    ];

    /// The word in the database and on pages.
    pub const fn name(self) -> &'static str {
        match self {
            TextState::Queued => "queued",
            TextState::Sending => "sending",
            TextState::Sent => "sent",
            TextState::Delivered => "delivered",
            TextState::Failed => "failed",
            TextState::Unknown => "unknown",
        }
    }

    /// The state with this word.
    pub fn from_name(name: &str) -> Option<TextState> {
        TextState::ALL.into_iter().find(|state| state.name() == name)
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
