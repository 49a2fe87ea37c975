//! Money that goes out: reserved before the call leaves, called for once, asked about until somebody knows.
//!
//! | module | what it holds |
//! |---|---|
//! | `heard` | what providers and time say of a payout |
//! | `moves` | what a payout takes from its owner, and gives back |
//! | `order` | what an operator says of one |
//!
//! Whether a payout was made is [`kiosk::payout::step`]'s to say; what that moves is said here, in the transaction that
//! learns it. What may be refunded is in `refund`. A hub in doubt starts none: what it forgot may have been this very
//! payout, so it is reserved and waits for a person who has looked at the statement (PROTOCOL rule 18).

mod heard;
mod moves;
mod order;

use kiosk::{
    ids::{CustomerId, PayoutId, ProviderReceipt, ProviderReference, PurchaseId},
    incoming::Why,
    ledger::PayoutSource,
    moment::Wall,
    payment::Msisdn,
    payout::{
        Payout, PayoutAnswer, PayoutAudit, PayoutEffect, PayoutEvent, PayoutNotice, PayoutReport, PayoutState, step,
    },
    provider::Provider,
    talk::Text,
    units::{Money, Volume},
};

use super::{
    effect::{Effect, LiveEvent},
    input::Actor,
    store::PayoutRow,
    turn::{HubError, Turn},
};

/// What a payout is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutKind {
    /// Something that was bought is given back.
    Refund,
    /// Money out of a wallet.
    Withdrawal,
    /// Money of nobody we know goes back to its payer.
    Return,
}

impl PayoutKind {
    /// The word in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            PayoutKind::Refund => "refund",
            PayoutKind::Withdrawal => "withdrawal",
            PayoutKind::Return => "return",
        }
    }

    /// The kind with this word.
    pub fn from_name(name: &str) -> Option<PayoutKind> {
        let all = [PayoutKind::Refund, PayoutKind::Withdrawal, PayoutKind::Return];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which of its owner's accounts it comes out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    Wallet,
    Water,
    Suspense,
}

impl SourceKind {
    /// The word in the database.
    pub const fn name(self) -> &'static str {
        match self {
            SourceKind::Wallet => "wallet",
            SourceKind::Water => "water",
            SourceKind::Suspense => "suspense",
        }
    }

    /// The source with this word.
    pub fn from_name(name: &str) -> Option<SourceKind> {
        let all = [SourceKind::Wallet, SourceKind::Water, SourceKind::Suspense];
        all.into_iter().find(|source| source.name() == name)
    }
}

/// How it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutWay {
    /// To a phone.
    Transfer,
    /// The payment with this receipt is undone, as a whole.
    Reversal(ProviderReceipt),
    /// A person pays it at the provider's portal and says so here.
    Hand,
    /// Into the wallet: nothing leaves the house.
    Wallet,
}

impl PayoutWay {
    /// The word in the database and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            PayoutWay::Transfer => "transfer",
            PayoutWay::Reversal(_) => "reversal",
            PayoutWay::Hand => "hand",
            PayoutWay::Wallet => "wallet",
        }
    }
}

/// What a provider can be told about money that goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlet {
    /// It pays to phones.
    pub transfers: bool,
    /// It undoes whole payments.
    pub reversals: bool,
    /// The least that it pays to a phone, in minor units.
    pub least_minor: i64,
}

/// A payout to be made: the call leaves once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutCall {
    /// The payout, for the answer.
    pub payout: PayoutId,
    /// By whom.
    pub provider: Provider,
    /// How.
    pub way: PayoutWay,
    /// Whole units of the currency.
    pub amount: Money,
    /// To whom; 0 where only the payment that is undone knows.
    pub payee: Msisdn,
    /// Our name for it: the provider's idempotency key.
    pub key: ProviderReference,
    /// The last part of the address that its result comes to, lower-case hexadecimal.
    pub token: String,
    /// From then on it is refused and not sent: its money may have been given back by then.
    pub send_before: Wall,
}

/// A question to a provider what became of a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutQuestion {
    /// The payout, for the answer.
    pub payout: PayoutId,
    /// Whom.
    pub provider: Provider,
    /// How it went out.
    pub way: PayoutWay,
    /// Our name for it.
    pub key: ProviderReference,
    /// The provider's own name for it, where it gave one.
    pub reference: Option<ProviderReference>,
    /// The last part of the address that an answer comes to which is a post, lower-case hexadecimal.
    pub token: String,
}

/// What a provider said to a call of ours about a payout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayoutWord {
    /// What came of the call that pays out.
    pub answer: Option<PayoutAnswer>,
    /// What became of the payout, where the answer says so: it answers our own call, so it is believed.
    pub report: Option<PayoutReport>,
    /// What the provider keeps for it, where it says so.
    pub fee: Option<Money>,
}

impl From<PayoutAnswer> for PayoutWord {
    fn from(answer: PayoutAnswer) -> PayoutWord {
        PayoutWord {
            answer: Some(answer),
            ..PayoutWord::default()
        }
    }
}

/// A payout to be begun.
pub(super) struct NewPayout {
    pub kind: PayoutKind,
    pub source: SourceKind,
    pub customer: Option<CustomerId>,
    pub purchase: Option<PurchaseId>,
    pub provider: Option<Provider>,
    pub way: PayoutWay,
    pub amount: Money,
    pub payee: Msisdn,
    pub to_wallet: Money,
    pub taken_back: Volume,
    pub why: Option<Why>,
    pub reason: String,
}

impl PayoutRow {
    /// Whose money it is; `root` is who the customer was merged into.
    pub fn source(&self, root: Option<CustomerId>) -> PayoutSource {
        match (self.source, root) {
            (SourceKind::Wallet, Some(customer)) => PayoutSource::Wallet(customer),
            (SourceKind::Water, Some(customer)) => PayoutSource::Water(customer),
            (SourceKind::Suspense, _) | (_, None) => PayoutSource::Suspense,
        }
    }
}

impl Turn<'_> {
    /// Writes a payout down and begins it. Its owner's money was looked at by whoever calls.
    pub fn begin_payout(&mut self, by: &Actor, new: NewPayout) -> Result<PayoutRow, HubError> {
        let currency = new.amount.currency;
        let (token, question) = (self.secret_word(), self.secret_word());
        let key = self.payout_key(new.provider)?;
        let row = PayoutRow {
            id: PayoutId(self.throw_number()),
            kind: new.kind,
            source: new.source,
            customer: new.customer,
            purchase: new.purchase,
            provider: new.provider,
            way: new.way,
            payout: Payout::new(new.amount, new.payee, key, self.now()),
            to_wallet: new.to_wallet,
            taken_back: new.taken_back,
            moves: 0,
            token,
            question,
            why: new.why,
            fee: Money::new(0, currency),
            reason: new.reason,
            asked_by: by.name(),
            created: self.now(),
            ended: None,
        };
        let detail = format!(
            "{} {} by {}: {}",
            row.kind.name(),
            new.amount,
            row.way.name(),
            row.reason
        );
        self.audit(by, "payout asked", &row.id.to_string(), &detail)?;
        match row.way {
            PayoutWay::Wallet => self.put_into_wallet(row),
            PayoutWay::Hand => self.leave_to_operator(row),
            PayoutWay::Transfer | PayoutWay::Reversal(_)
                if self.in_doubt()? || self.store.hub()?.payouts_held.is_some() =>
            {
                let message = format!(
                    "payout {}: part of the past is missing, so it may have been made before; look at the statement",
                    row.id
                );
                self.alarm("payout_after_restore", message)?;
                self.leave_to_operator(row)
            }
            PayoutWay::Transfer | PayoutWay::Reversal(_) => self.step_payout(row, PayoutEvent::Start),
        }
    }

    fn secret_word(&mut self) -> String {
        hex::encode(&self.throw()[..16])
    }

    /// Our name for a payout: a UUID at MTN, and elsewhere so many digits of our own.
    fn payout_key(&mut self, provider: Option<Provider>) -> Result<ProviderReference, HubError> {
        let own = provider.and_then(|provider| self.own_reference(provider));
        match own {
            Some(own) => Ok(own),
            None => {
                let written = self.secret_word().parse();
                written.map_err(|error: kiosk::ids::IdError| HubError::Journal(error.to_string()))
            }
        }
    }

    /// It is reserved, and nobody is called: a person says what became of it.
    fn leave_to_operator(&mut self, mut row: PayoutRow) -> Result<PayoutRow, HubError> {
        row.payout.state = PayoutState::NeedsOperator;
        row.payout.reserved = true;
        self.reserve(&mut row)?;
        self.store.put_payout(&row)?;
        self.payout_moved(&row);
        Ok(row)
    }

    /// Takes a payout one event further and does what comes of it.
    pub fn step_payout(&mut self, mut row: PayoutRow, event: PayoutEvent) -> Result<PayoutRow, HubError> {
        let before = row.payout.state;
        let (payout, effects) = step(&self.settings.payouts, &row.payout, self.moment, event);
        row.payout = payout;
        if row.payout.state != before {
            let is_end = matches!(row.payout.state, PayoutState::Succeeded | PayoutState::Failed);
            row.ended = is_end.then(|| self.now());
        }
        // A first row stands before its water moves.
        self.store.put_payout(&row)?;
        for effect in effects {
            self.payout_effect(&mut row, effect)?;
        }
        self.store.put_payout(&row)?;
        if row.payout.state != before {
            self.payout_moved(&row);
        }
        Ok(row)
    }

    fn payout_effect(&mut self, row: &mut PayoutRow, effect: PayoutEffect) -> Result<(), HubError> {
        match effect {
            PayoutEffect::Reserve => self.reserve(row),
            PayoutEffect::Settle { .. } => self.book_as_made(row),
            PayoutEffect::GiveBack => self.give_back(row),
            PayoutEffect::Submit => {
                self.effects.extend(row.provider.map(|provider| {
                    Effect::PayOut(PayoutCall {
                        payout: row.id,
                        provider,
                        way: row.way.clone(),
                        amount: row.payout.amount,
                        payee: row.payout.payee,
                        key: row.payout.key.clone(),
                        token: row.token.clone(),
                        // The other half is for the answer, as with a prompt.
                        send_before: row.payout.since.plus_ms(self.settings.payouts.answer_within_ms / 2),
                    })
                }));
                Ok(())
            }
            PayoutEffect::AskStatus => {
                // What a person pays by hand is asked of that person.
                let provider = row.provider.filter(|_| row.way != PayoutWay::Hand);
                self.effects.extend(provider.map(|provider| {
                    Effect::AskPayout(PayoutQuestion {
                        payout: row.id,
                        provider,
                        way: row.way.clone(),
                        key: row.payout.key.clone(),
                        reference: row.payout.reference.clone(),
                        token: row.question.clone(),
                    })
                }));
                Ok(())
            }
            // The due time is in the row.
            PayoutEffect::WakeAt(_) => Ok(()),
            PayoutEffect::ReceiptKnown(receipt) => {
                self.audit_as(row.actor(), "receipt known", &row.id.to_string(), receipt.as_str())
            }
            PayoutEffect::Tell(notice) => self.tell_payout(row, notice),
            PayoutEffect::Audit(audit) => self.note_payout(row, &audit),
        }
    }

    fn tell_payout(&mut self, row: &PayoutRow, notice: PayoutNotice) -> Result<(), HubError> {
        let (Some(customer), amount) = (row.customer, row.payout.amount) else {
            return Ok(());
        };
        let receipt = row.payout.receipt.as_ref();
        let text = match notice {
            PayoutNotice::Started => Text::RefundStarted { amount },
            PayoutNotice::Made => Text::RefundMade {
                amount,
                receipt: receipt.map_or_else(|| row.id.to_string().to_uppercase(), ToString::to_string),
            },
            PayoutNotice::Failed(_) => Text::RefundFailed { amount },
        };
        self.say(customer, &text)
    }

    fn note_payout(&mut self, row: &PayoutRow, audit: &PayoutAudit) -> Result<(), HubError> {
        let (action, alarm) = match audit {
            PayoutAudit::Unexpected => ("unexpected event", None),
            PayoutAudit::ForeignKey => ("another payout's key", None),
            PayoutAudit::Mismatch => ("another amount or payee", Some("payout_mismatch")),
            PayoutAudit::SecondReceipt(_) => ("second receipt", Some("second_receipt")),
            PayoutAudit::Contradiction => ("contradicting answers", Some("payout_contradicted")),
            PayoutAudit::MadeAfterGivenBack => ("made after it was given back", Some("payout_made_late")),
            PayoutAudit::OurConfiguration => ("our set-up is wrong", Some("provider_setup")),
            PayoutAudit::GaveUp => ("asked for too long", Some("payout_unknown")),
            PayoutAudit::OrderRefused => ("order refused", None),
        };
        self.audit_as(row.actor(), action, &row.id.to_string(), "")?;
        match alarm {
            Some(code) => self.alarm(code, format!("payout {} at {}: {action}", row.id, row.actor())),
            None => Ok(()),
        }
    }

    /// Pages hear of it.
    fn payout_moved(&mut self, row: &PayoutRow) {
        self.live(LiveEvent::Payout {
            payout: row.id,
            customer: row.customer,
            state: row.payout.state,
        });
    }
}

impl PayoutRow {
    /// Who acts on it in the audit.
    fn actor(&self) -> &'static str {
        self.provider.map_or("hub", Provider::name)
    }
}
