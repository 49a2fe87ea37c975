//! Where a broadcast stands, and what a person may say of it.

/// Where a broadcast stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Texts leave, in its hours.
    Running,
    /// A person holds it, or it took too long.
    Paused,
    /// The hub was restored: some may have got it without the books knowing.
    Held,
    /// No more leave.
    Cancelled,
    /// All have left.
    Done,
}

impl State {
    /// All states.
    pub const ALL: [State; 5] = [
        State::Running,
        State::Paused,
        State::Held,
        State::Cancelled,
        State::Done,
    ];

    /// The word in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Paused => "paused",
            State::Held => "held",
            State::Cancelled => "cancelled",
            State::Done => "done",
        }
    }

    /// The state with this word.
    pub fn from_name(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether no text leaves any more, whatever a person says.
    pub const fn is_over(self) -> bool {
        matches!(self, State::Cancelled | State::Done)
    }
}

/// What a person says of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// No text leaves for now.
    Pause,
    /// They leave again.
    Resume {
        /// The person knows that some may get it twice, because the hub forgot whom it told.
        may_repeat: bool,
    },
    /// None leaves any more.
    Cancel,
}

/// Why an order is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    /// There is nothing left to pause, resume or cancel.
    #[error("this broadcast is over")]
    Over,
    /// Nobody has said yet that some may get it twice.
    #[error(
        "the hub was restored and may have forgotten whom it told: say that some may get this text twice, or cancel"
    )]
    MayRepeat,
}

/// Where a broadcast stands after an order. One that is followed already changes nothing.
pub const fn ordered(state: State, order: Order) -> Result<State, NotFollowed> {
    match (state, order) {
        (State::Cancelled, Order::Cancel) => Ok(State::Cancelled),
        (State::Cancelled | State::Done, _) => Err(NotFollowed::Over),
        (_, Order::Cancel) => Ok(State::Cancelled),
        (State::Held, Order::Pause) => Ok(State::Held),
        (State::Held, Order::Resume { may_repeat: false }) => Err(NotFollowed::MayRepeat),
        (State::Running | State::Paused, Order::Pause) => Ok(State::Paused),
        (State::Running | State::Paused | State::Held, Order::Resume { .. }) => Ok(State::Running),
    }
}
