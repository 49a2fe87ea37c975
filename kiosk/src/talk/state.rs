//! Where a text stands that a hub or a site sends.

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextState {
    /// Waits to be handed over.
    Queued,
    /// Handed over.
    Sending,
    /// Whoever carries it took it.
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
