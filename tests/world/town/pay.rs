//! Phones and the payment providers: prompts, questions, and what providers say by themselves.
//!
//! | module | what it holds |
//! |---|---|
//! | [`speak`] | the hub's own words to each provider, and how it reads theirs |
//! | [`direct`] | money that comes without a prompt, and the lists of it |

mod direct;
mod speak;

use std::collections::BTreeMap;

use hub::hub::{
    effect::LiveEvent,
    input::{CallbackName, Input, PurchaseId, ReplyId},
};
use kiosk::{
    moment::{Draw, MINUTE_MS},
    payment::{PaymentEvent, PaymentState, ProviderVerdict, PushAnswer, QueryAnswer, Report},
    provider::Provider,
};
use rusqlite::OptionalExtension as _;

pub(super) use direct::FIRST_OFFER;
use speak::Keys;

use super::World;
use crate::{
    event::{Ask, Call, CallAnswer, Event, Word},
    sabotage::Sabotage,
    sandbox::{
        mpesa::{self, Mpesa},
        wallets::{self, Outcome, Wallets},
    },
};

/// How long the hub waits for an answer of a provider.
const ANSWER_WITHIN_MS: u64 = 30_000;
/// Nobody waits for the answer to a word of a provider but the provider itself.
const NOBODY: ReplyId = ReplyId(u64::MAX - 1);

/// The providers, and what the hub knows of them.
pub(crate) struct Till {
    pub(crate) mpesa: Mpesa,
    pub(crate) wallets: BTreeMap<Provider, Wallets>,
    keys: Keys,
    due_ms: Option<u64>,
    /// Which purchase each prompt is for, by the world's own eyes.
    purchase_of: BTreeMap<(Provider, String), u64>,
    /// Where the last word of each provider went.
    last_url: BTreeMap<Provider, String>,
}

/// A payment in the books of a provider.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) provider: Provider,
    pub(crate) receipt: String,
    /// Which prompt it answered; nothing when there was none.
    pub(crate) prompt: Option<String>,
    /// Whole shillings.
    pub(crate) amount: i64,
    /// What the payer saw or typed as the account, where the provider tells.
    pub(crate) account: Option<String>,
    /// The purchase that its prompt was for.
    pub(crate) purchase: Option<u64>,
}

impl Till {
    pub(super) fn new(key: u64) -> Till {
        let others = [Provider::Mtn, Provider::Airtel, Provider::Intasend];
        Till {
            mpesa: Mpesa::default(),
            wallets: others.map(|provider| (provider, Wallets::new(provider))).into(),
            keys: Keys::new(key),
            due_ms: None,
            purchase_of: BTreeMap::new(),
            last_url: BTreeMap::new(),
        }
    }

    /// Whether a provider has a prompt of this name.
    pub(crate) fn knows(&self, provider: Provider, name: &str) -> bool {
        match self.wallets.get(&provider) {
            Some(wallets) => wallets.prompts().iter().any(|prompt| prompt.id == name),
            None => self
                .mpesa
                .prompts()
                .iter()
                .any(|prompt| prompt.checkout_request == name),
        }
    }

    /// All that the providers took.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        let purchase = |provider, name: &str| self.purchase_of.get(&(provider, name.to_owned())).copied();
        let of_mpesa = self.mpesa.ledger().iter().map(|line| {
            let prompt = Some(line.checkout_request.clone()).filter(|name| !name.is_empty());
            Taken {
                provider: Provider::Mpesa,
                receipt: line.receipt.clone(),
                purchase: prompt.as_ref().and_then(|name| purchase(Provider::Mpesa, name)),
                prompt,
                amount: line.amount,
                account: Some(line.account_reference.clone()),
            }
        });
        let others = self.wallets.iter().flat_map(|(provider, wallets)| {
            wallets.ledger().iter().map(|line| Taken {
                provider: *provider,
                receipt: line.receipt.clone(),
                purchase: purchase(*provider, &line.prompt),
                prompt: Some(line.prompt.clone()),
                amount: line.amount,
                account: None,
            })
        });
        of_mpesa.chain(others).collect()
    }

    /// When one of them next has something to do.
    fn next_ms(&self) -> Option<i64> {
        let others = self.wallets.values().filter_map(Wallets::due_ms);
        self.mpesa.due_ms().into_iter().chain(others).min()
    }

    /// What they have to say by now.
    fn tick(&mut self, now_ms: i64, draw: &Draw) -> Vec<Word> {
        let of_mpesa = self.mpesa.tick(now_ms, draw).into_iter().map(|said| Word {
            provider: Provider::Mpesa,
            url: said.url,
            body: said.body,
            offer: said.validates,
        });
        let mut words: Vec<Word> = of_mpesa.collect();
        for (provider, wallets) in &mut self.wallets {
            words.extend(wallets.tick(now_ms).into_iter().map(|said| Word {
                provider: *provider,
                url: said.url,
                body: said.body,
                offer: None,
            }));
        }
        words
    }

    /// The provider that took the newest prompt, and what it calls it.
    fn newest(&self, provider: Provider) -> Option<String> {
        match self.wallets.get(&provider) {
            Some(wallets) => wallets.prompts().last().map(|prompt| prompt.id.clone()),
            None => self
                .mpesa
                .prompts()
                .last()
                .map(|prompt| prompt.checkout_request.clone()),
        }
    }
}

impl World {
    /// What M-PESA does.
    pub fn provider(&mut self) -> &mut Mpesa {
        &mut self.till.mpesa
    }

    /// What MTN, Airtel or IntaSend does.
    ///
    /// # Panics
    /// For M-PESA, which is [`World::provider`].
    pub fn wallets(&mut self, provider: Provider) -> &mut Wallets {
        let found = self.till.wallets.get_mut(&provider);
        found.expect("M-PESA has a room of its own")
    }

    /// All providers do what they should.
    pub(crate) fn calm_providers(&mut self) {
        self.till.mpesa.set_behaviour(mpesa::Behaviour::default());
        for (provider, wallets) in &mut self.till.wallets {
            wallets.set_behaviour(speak::calm(*provider));
        }
    }

    pub(super) fn call(&mut self, run: u32, purchase: u64, call: Call) {
        let ms = self.random.within(self.weather.latency_ms);
        self.after(ms, Event::Calls { run, purchase, call });
    }

    pub(super) fn calls(&mut self, run: u32, purchase: u64, call: &Call) {
        self.provider_moods(call.provider);
        self.lure(call);
        let (now, draw) = (self.wall(), self.random.draw());
        let answer = match &call.ask {
            Ask::Push(prompt) => CallAnswer::Push(self.till.push(now, &draw, prompt)),
            Ask::Query { reference } => CallAnswer::Query(self.till.query(now, &draw, call.provider, reference)),
        };
        let answer = self.believed(call, answer);
        if let (Ask::Push(_), Some(name)) = (&call.ask, self.till.newest(call.provider)) {
            self.till.purchase_of.entry((call.provider, name)).or_insert(purchase);
        }
        let silence = [
            CallAnswer::Push(PushAnswer::NoAnswer),
            CallAnswer::Query(QueryAnswer::NoAnswer),
        ];
        let ms = match silence.contains(&answer) {
            true => ANSWER_WITHIN_MS,
            false => self.random.within(self.weather.latency_ms),
        };
        self.after(ms, Event::Answered { run, purchase, answer });
        self.provider_wakes();
    }

    /// For that sabotage: somebody says no to a prompt, and no word of it comes, so that the hub asks.
    fn lure(&mut self, call: &Call) {
        let is_wanted = self.sabotage == Some(Sabotage::AnswerOfAnother) && !self.books.spoilt;
        let taken = self.till.taken();
        let (true, Ask::Push(_)) = (
            is_wanted && taken.iter().any(|taken| taken.provider != call.provider),
            &call.ask,
        ) else {
            return;
        };
        match self.till.wallets.get_mut(&call.provider) {
            Some(wallets) => wallets.set_behaviour(wallets::Behaviour {
                outcome: Outcome::Rejected,
                callbacks: 0,
                ..speak::calm(call.provider)
            }),
            None => self.till.mpesa.set_behaviour(mpesa::Behaviour {
                result_code: "1032".to_owned(),
                callbacks: 0,
                ..mpesa::Behaviour::default()
            }),
        }
    }

    /// Sabotage: what another provider says of a payment of its own is taken for the answer about this one.
    fn believed(&mut self, call: &Call, answer: CallAnswer) -> CallAnswer {
        let Ask::Query { reference } = &call.ask else {
            return answer;
        };
        let is_paid = matches!(&answer, CallAnswer::Query(QueryAnswer::Report(report))
            if report.verdict == ProviderVerdict::Paid);
        let taken = self.till.taken();
        let other = taken.iter().find(|taken| taken.provider != call.provider);
        let Some(receipt) = other.and_then(|other| other.receipt.parse().ok()).filter(|_| !is_paid) else {
            return answer;
        };
        if !self.spoils(Sabotage::AnswerOfAnother) {
            return answer;
        }
        self.calm_providers();
        CallAnswer::Query(QueryAnswer::Report(Report {
            reference: Some(reference.clone()),
            verdict: ProviderVerdict::Paid,
            receipt: Some(receipt),
            amount: None,
            payer: None,
        }))
    }

    /// A provider's day, good or bad, as the weather has it.
    pub(super) fn provider_moods(&mut self, provider: Provider) {
        if self.weather.provider_fault == 0 && self.weather.callback_fault == 0 {
            return;
        }
        let mut fault = || match self.random.chance(self.weather.provider_fault) {
            true => usize::try_from(self.random.below(6)).unwrap_or(0),
            false => 0,
        };
        let (push_fault, query_fault, how) = (fault(), fault(), fault());
        let callbacks = match self.random.chance(self.weather.callback_fault) {
            true => 2 * u32::try_from(self.random.below(2)).unwrap_or(0),
            false => 1,
        };
        let callback_delay_ms = self.random.below(90_000).cast_signed();
        // Before the question that follows an unhappy end.
        let late_success_after_ms = if how == 2 { 4 * MINUTE_MS } else { 0 };
        let odd_ms = if how == 3 { MINUTE_MS } else { 0 };
        let Some(wallets) = self.till.wallets.get_mut(&provider) else {
            return self.till.mpesa.set_behaviour(mpesa::Behaviour {
                push_fault: mpesa::Fault::ALL[push_fault],
                query_fault: mpesa::Fault::ALL[query_fault],
                callbacks,
                result_code: if how == 0 { "0" } else { "1032" }.to_owned(),
                late_success_after_ms,
                callback_delay_ms,
                validation: callback_delay_ms % 2 == 0,
                stk_confirms: callback_delay_ms % 3 == 0,
                no_answer_percent: 20,
                ..mpesa::Behaviour::default()
            });
        };
        wallets.set_behaviour(wallets::Behaviour {
            push_fault: wallets::Fault::ALL[push_fault],
            query_fault: wallets::Fault::ALL[query_fault],
            callbacks,
            callback_delay_ms,
            outcome: if how == 0 { Outcome::Paid } else { Outcome::ALL[how % 4] },
            late_success_after_ms,
            callback_method: if callback_delay_ms % 2 == 0 { "POST" } else { "PUT" }.to_owned(),
            hidden_ms: odd_ms,
            ambiguous_ms: odd_ms,
            ..speak::calm(provider)
        });
    }

    pub(super) fn provider_wakes(&mut self) {
        let due_ms = self.till.next_ms();
        let at_ms = due_ms.map(|due| u64::try_from(due - crate::clock::BEGINNING.0).unwrap_or(0));
        if self.till.due_ms != at_ms {
            self.till.due_ms = at_ms;
            if let Some(at_ms) = at_ms {
                self.at(at_ms, Event::ProviderDue);
            }
        }
    }

    pub(super) fn provider_due(&mut self) {
        let (now_ms, draw) = (self.wall().0, self.random.draw());
        self.till.due_ms = None;
        for word in self.till.tick(now_ms, &draw) {
            if let Some(offer) = word.offer {
                self.after(direct::JUDGED_WITHIN_MS, Event::Judged { offer, answer: None });
            }
            self.stray(&word);
            let ms = self.random.within(self.weather.latency_ms);
            self.after(ms, Event::CalledBack { word });
        }
        self.provider_wakes();
    }

    /// Now and then a word comes to the address of another payment, or of another provider, too.
    fn stray(&mut self, word: &Word) {
        let others: Vec<(Provider, String)> = self.till.last_url.clone().into_iter().collect();
        let place = usize::try_from(self.random.below(4)).unwrap_or(0);
        if let (Some((provider, url)), true) = (others.get(place), self.random.chance(self.weather.callback_fault / 4))
        {
            let word = Word {
                provider: *provider,
                url: url.clone(),
                body: word.body.clone(),
                offer: None,
            };
            self.after(1, Event::CalledBack { word });
        }
        self.till.last_url.insert(word.provider, word.url.clone());
    }

    pub(super) fn called_back(&mut self, word: &Word) {
        if word.provider == Provider::Mpesa && !word.url.contains("/stk/") {
            return self.hears_of_money(word);
        }
        let input = match self.till.keys.heard(word) {
            Ok((name, report)) => Input::Callback {
                reply: NOBODY,
                name,
                report,
            },
            Err(why) => Input::BadCallback {
                reply: NOBODY,
                service: word.provider.into(),
                why,
            },
        };
        self.give_hub(input);
    }

    pub(super) fn call_answered(&mut self, run: u32, purchase: u64, answer: CallAnswer) {
        if self.centre.program.run != run {
            return;
        }
        let event = match answer {
            CallAnswer::Push(answer) => PaymentEvent::PushAnswered(answer),
            CallAnswer::Query(answer) => PaymentEvent::QueryAnswered(answer),
        };
        self.give_hub(Input::Provider {
            purchase: PurchaseId(purchase),
            event,
        });
    }

    /// The hub tells its pages something: what is told as paid must be on the disk by now.
    pub(super) fn told_at_hub(&mut self, event: &LiveEvent) {
        let LiveEvent::Purchase {
            purchase,
            state: PaymentState::Succeeded,
            ..
        } = event
        else {
            return;
        };
        let statement = "SELECT state FROM purchase WHERE id = ?1 AND settled_ms IS NOT NULL";
        let id = purchase.0.cast_signed();
        let stands = self.hub_rows().map(|hub| {
            let read = hub.query_row(statement, [id], |row| row.get::<_, String>(0)).optional();
            read.is_ok_and(|state| state.as_deref() == Some("succeeded"))
        });
        if stands == Some(false) {
            self.books
                .broken(format!("purchase {id:016x} was told as paid before its record"));
        }
    }

    /// A text leaves: it must be on the disk by now.
    pub(super) fn text_is_written(&mut self, outbox: i64) {
        let statement = "SELECT count(*) FROM outbox WHERE id = ?1";
        let stands = self
            .hub_rows()
            .map(|hub| hub.query_row(statement, [outbox], |row| row.get(0)));
        if stands.is_some_and(|count| count.unwrap_or(0) != 1) {
            self.books.broken(format!("text {outbox} left before its record"));
        }
    }
}

/// A name in M-PESA's address.
fn token_of(url: &str) -> Option<CallbackName> {
    let (_, token) = url.rsplit_once('/')?;
    Some(CallbackName::Token {
        provider: Provider::Mpesa,
        token: token.to_owned(),
    })
}
