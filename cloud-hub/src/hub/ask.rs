//! Requests: who may, the first answer again, and the way to each rule.

use super::{
    answer,
    effect::{Effect, Refusal, RefusalKind, Response},
    input::{Actor, ReplyId, Request},
    parked::{Awaited, Parked, waiting_full},
    recall::HELD_AT_SITE,
    repeat::Content,
    store::AnswerRow,
    tick::ANSWERS_KEPT_MS,
    turn::{Halt, HubError, Turn},
};

/// The longest `Idempotency-Key`.
const KEY_CHARS_MAX: usize = 200;
/// The undo point of a request: what a refused one changed is undone, what the input changed before it stays.
const SAVEPOINT: &str = "SAVEPOINT request";

/// What became of a request.
pub(super) enum Decided {
    /// Its answer.
    Given(Result<Response, Refusal>),
    /// It waits for this to come back from a site.
    Waits(Awaited),
    /// It is the same as one that waits, whose answer goes here, and hears what that one hears.
    Joins(ReplyId),
}

impl Decided {
    /// The answer, where there is one.
    pub fn given(self) -> Option<Result<Response, Refusal>> {
        match self {
            Decided::Given(answer) => Some(answer),
            Decided::Waits(_) | Decided::Joins(_) => None,
        }
    }
}

impl Turn<'_> {
    /// Somebody asks.
    pub fn asked(&mut self, reply: ReplyId, by: &Actor, key: Option<&str>, request: &Request) -> Result<(), HubError> {
        match self.answer_to(by, key, request)? {
            Decided::Given(answer) => self.reply(reply, answer),
            Decided::Waits(awaited) => {
                let content = Content::of(self.keys, request);
                let place = Parked::new(self.moment, awaited, (reply, by, key), request, content);
                self.parked.put(place);
            }
            Decided::Joins(first) if self.parked.join(first, reply) => {}
            Decided::Joins(_) => self.reply(reply, Err(waiting_full())),
        }
        Ok(())
    }

    /// The answer leaves after the commit.
    pub fn reply(&mut self, reply: ReplyId, answer: Result<Response, Refusal>) {
        self.effects.push(Effect::Reply { reply, answer });
    }

    /// Decides on a request, or finds the first answer again.
    pub fn answer_to(&mut self, by: &Actor, key: Option<&str>, request: &Request) -> Result<Decided, HubError> {
        if !by.may(request) {
            let message = "your role does not allow this";
            return Ok(Decided::Given(Err(Refusal::new(
                RefusalKind::Forbidden,
                "forbidden",
                message,
            ))));
        }
        if let Some(key) = key {
            if key.is_empty() || key.len() > KEY_CHARS_MAX {
                let message = format!("1 to {KEY_CHARS_MAX} characters");
                let refusal = Refusal::invalid("Idempotency-Key", "bad_key", message);
                return Ok(Decided::Given(Err(refusal)));
            }
            let first = self.store.first_answer(&by.name(), key)?;
            let kept_since = self.now().plus_ms(-ANSWERS_KEPT_MS);
            if let Some(first) = first.filter(|first| first.created > kept_since) {
                return self.answered_before(by, key, request, first);
            }
        }
        if self.again.is_none()
            && let Some(decided) = self.repeats_parked(by, key, request)?
        {
            return Ok(decided);
        }
        let decided = self.decided(by, request)?;
        if let Decided::Given(answer) = &decided {
            self.keep_answer(by, key, request, answer)?;
        }
        Ok(decided)
    }

    /// Keeps what was said to a request with a key.
    pub fn keep_answer(
        &mut self,
        by: &Actor,
        key: Option<&str>,
        request: &Request,
        answer: &Result<Response, Refusal>,
    ) -> Result<(), HubError> {
        let Some(key) = key else { return Ok(()) };
        // "Not now" is no answer to what was asked: the same request may come again.
        let is_not_now = |refusal: &Refusal| refusal.kind == RefusalKind::TooMany || refusal.code == HELD_AT_SITE;
        if answer.as_ref().is_err_and(is_not_now) {
            return Ok(());
        }
        let random = self.throw();
        let sealed = answer::encode(answer).and_then(|bytes| self.keys.seal(random, &bytes));
        if let Some(sealed) = sealed {
            let content = Content::of(self.keys, request);
            let row = AnswerRow {
                request_hash: content.whole,
                but_secret: content.but_secret.to_vec(),
                guesses: self.again.unwrap_or_default(),
                answer: sealed,
                created: self.now(),
            };
            self.store.put_answer(&by.name(), key, &row)?;
        }
        Ok(())
    }

    /// What was said first, once more.
    pub fn first_again(&self, first: &AnswerRow) -> Result<Response, Refusal> {
        let opened = self.keys.open(&first.answer);
        opened.and_then(|bytes| answer::decode(&bytes)).unwrap_or_else(|| {
            // Kept by another master key or an older version: it was done, but what was said is lost.
            let message = "this was done before, and the first answer cannot be read any more";
            Err(Refusal::conflict("answer_lost", message))
        })
    }

    fn decided(&mut self, by: &Actor, request: &Request) -> Result<Decided, HubError> {
        match self.attempt(|turn| turn.decide(by, request)) {
            Ok(response) => Ok(Decided::Given(Ok(response))),
            Err(Halt::Kept(refusal) | Halt::Refused(refusal)) => Ok(Decided::Given(Err(refusal))),
            Err(Halt::Waits(awaited)) => Ok(Decided::Waits(awaited)),
            Err(Halt::Broken(error)) => Err(error),
        }
    }

    /// Does something that may be refused: then what it changed is undone, and what was changed before it stays. One
    /// attempt may be made within another.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Halt>) -> Result<T, Halt> {
        let texts_queued = self.texts_queued;
        let effects = self.effects.len();
        let written = self.written.clone();
        self.store.run(SAVEPOINT)?;
        let done = work(self);
        match &done {
            // The whole input is undone.
            Err(Halt::Broken(_)) => return done,
            Err(Halt::Refused(_)) => {
                self.store.run("ROLLBACK TO request")?;
                self.effects.truncate(effects);
                self.texts_queued = texts_queued;
                self.written = written;
            }
            Ok(_) | Err(Halt::Kept(_) | Halt::Waits(_)) => {}
        }
        self.store.run("RELEASE request")?;
        done
    }

    fn decide(&mut self, by: &Actor, request: &Request) -> Result<Response, Halt> {
        match request {
            Request::AddSite(new) => self.add_site(by, new),
            Request::ReplaceSite { site, valid_ms } => self.replace_site(by, site, *valid_ms),
            Request::RevokeSite { site } => self.revoke_site(by, site),
            Request::EndDoubt { at_risk_ml } => self.end_doubt(by, *at_risk_ml),
            Request::Join(asked) => self.join(asked),
            Request::AddUser {
                name,
                role,
                password_hash,
            } => self.add_user(by, name, *role, &password_hash.0),
            Request::SetPassword { name, password_hash } => self.set_password(by, name, &password_hash.0),
            Request::RemoveUser { name } => self.remove_user(by, name),
            Request::AddToken { name, role, site } => self.add_token(by, name, *role, site.as_ref()),
            Request::RevokeToken { name } => self.revoke_token(by, name),
            Request::Login { name, device, right } => self.login(name, *device, *right),
            Request::ProvePassword { name, device, right } => self.prove_password(name, *device, *right),
            Request::UseSession { session } => {
                self.store.touch_session(*session, self.now())?;
                Ok(Response::Done)
            }
            Request::Logout { session } => {
                self.store.remove_session(*session)?;
                Ok(Response::Done)
            }
            Request::CreateCustomer(new) => self.create_customer(by, new),
            Request::UpdateCustomer { customer, change } => self.update_customer(by, *customer, change),
            Request::SetPin { customer, pin } => self.set_pin(by, *customer, pin),
            Request::SetActive { customer, active } => self.set_active(by, *customer, *active),
            Request::SetDailyLimit { customer, limit } => self.set_daily_limit(by, *customer, *limit),
            Request::Credit {
                customer,
                volume_ml,
                reason,
            } => self.credit(by, *customer, *volume_ml, reason),
            Request::CreatePurchase(new) => self.create_purchase(by, new),
            Request::OrderPayment { purchase, order } => self.order_payment(by, *purchase, order.clone()),
            Request::ReleasePayouts { note } => self.release_payouts(by, note),
            Request::SeeAlarms { alarms } => self.see_alarms(by, alarms),
            Request::ReleaseTexts => self.release_texts(by),
            Request::PreviewBroadcast(new) => self.preview_broadcast(new),
            Request::StartBroadcast(new) => self.start_broadcast(by, new),
            Request::OrderBroadcast { broadcast, order } => self.order_broadcast(by, *broadcast, *order),
            Request::RefuseLoan { loan } => self.refuse_loan(by, *loan),
            Request::CreateLoan(new) => self.create_loan(by, new),
            Request::ApproveLoan { loan, pin } => self.approve_loan(by, *loan, pin),
            Request::DeclineLoan { loan } => self.decline_loan(by, *loan),
            Request::CancelLoan { loan } => self.cancel_loan(by, *loan),
            Request::RepayLoan {
                loan,
                amount_minor,
                pin,
            } => self.repay_loan(by, *loan, *amount_minor, pin),
            Request::SyncLoans { borrower } => self.sync_loans(*borrower),
            Request::SolveTicket { ticket } => self.solve_ticket(by, *ticket),
            Request::AllowTexts { customer } => self.allow_texts(by, *customer),
            Request::BookLine(arrival) => self.book_line(by, arrival),
            Request::AllocateMoney { provider, receipt, to } => self.allocate_money(by, *provider, receipt, to),
            Request::SetBilling { customer, terms } => match terms {
                Some(terms) => self.set_billing(by, *customer, terms),
                None => self.end_billing(by, *customer),
            },
            Request::EnterReading { customer, reading } => self.enter_reading(by, *customer, reading),
            Request::CorrectBill { bill, usage, reason } => self.correct_bill(by, *bill, *usage, reason),
            Request::WriteOffBill { bill, reason } => self.write_off_bill(by, *bill, reason),
            Request::Refund(asked) => self.refund_purchase(by, asked),
            Request::Withdraw(asked) => self.withdraw(by, asked),
            Request::ReturnMoney {
                provider,
                receipt,
                reason,
            } => self.return_money(by, *provider, receipt, reason),
            Request::OrderPayout { payout, order, note } => self.order_payout(by, *payout, order, note),
            Request::SetFloat {
                site,
                manager,
                limit_minor,
            } => self.set_float(by, site, manager, *limit_minor),
            Request::HandIn(counted) => self.hand_in(by, counted),
            Request::SettleDifference {
                site,
                manager,
                amount_minor,
                how,
            } => self.settle_difference(by, site, manager, *amount_minor, *how),
            Request::DecideCashSale { sale, book_to } => self.decide_cash_sale(by, *sale, book_to.as_deref()),
            Request::AddManager(new) => self.add_manager(by, new),
            Request::ResetManagerPin { site, manager } => self.reset_manager_pin(by, site, *manager),
            Request::RemoveManager { site, manager } => self.remove_manager(by, site, *manager),
            Request::DecideNumber { request, is_yes } => self.decide_number(by, *request, *is_yes),
            Request::VerifyDispense(ask) => self.verify_dispense(ask),
            Request::ReportDispense {
                site,
                request,
                volume_ml,
                outcome,
            } => self.report_dispense(site, request, *volume_ml, *outcome),
            Request::Ussd(step) => self.ussd(by, step),
            Request::EndUssd { name } => self.end_ussd(name),
            Request::ClearUssd => self.clear_ussd(by),
        }
    }
}
