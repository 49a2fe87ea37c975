//! What is said when somebody takes their account along to another number. Whoever holds the old number hears of each step,
//! so that a thief is noticed, and is not told the new one: it may be the thief who holds the old.

/// To whom, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberText {
    /// To the old number: it was asked for.
    AskedOld,
    /// To the new number: it was asked for.
    AskedNew,
    /// To the old number: the account is gone from it.
    MovedOld,
    /// To the new number: the account is there.
    MovedNew,
    /// To the old number: nothing has changed.
    KeptOld,
    /// To the new number: nothing has changed.
    KeptNew,
}

impl NumberText {
    /// All of them.
    #[cfg(test)]
    pub(super) const ALL: [NumberText; 6] = [
        NumberText::AskedOld,
        NumberText::AskedNew,
        NumberText::MovedOld,
        NumberText::MovedNew,
        NumberText::KeptOld,
        NumberText::KeptNew,
    ];

    /// The message in the Fluent files.
    pub(super) fn id(self) -> &'static str {
        match self {
            NumberText::AskedOld => "number-asked-old",
            NumberText::AskedNew => "number-asked-new",
            NumberText::MovedOld => "number-moved-old",
            NumberText::MovedNew => "number-moved-new",
            NumberText::KeptOld => "number-kept-old",
            NumberText::KeptNew => "number-kept-new",
        }
    }
}
