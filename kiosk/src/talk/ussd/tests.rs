//! The menus, walked through with a small office in memory.

mod accounts;
mod loans;
mod menus;
mod office;
mod stories;
mod storm;
mod texts;
mod walk;

use super::*;
use office::Town;

/// A PIN that stands in no number, amount, name or text of these tests.
const PIN: &str = "4071";

/// A phone and the session on it.
struct Call<'a> {
    town: &'a mut Town,
    session: Session,
    answer: Answer,
}

impl<'a> Call<'a> {
    fn dial(town: &'a mut Town, service: Service, phone: &str) -> Call<'a> {
        Call::dial_after(town, service, phone, None)
    }

    fn dial_after(town: &'a mut Town, service: Service, phone: &str, cut: Option<Session>) -> Call<'a> {
        let (session, answer) = begin(town, service, office::phone(phone), cut).unwrap();
        let call = Call { town, session, answer };
        call.check();
        call
    }

    /// Types one input and returns the screen.
    fn types(&mut self, input: &str) -> &str {
        let kept = serde_json::to_string(&self.session).unwrap();
        let mut session: Session = serde_json::from_str(&kept).unwrap();
        assert!(session == self.session, "{kept}");
        self.answer = step(self.town, &mut session, input).unwrap();
        self.session = session;
        self.check();
        &self.answer.screen
    }

    /// Types several inputs, one step each.
    fn types_all(&mut self, inputs: &[&str]) -> &str {
        for input in inputs {
            self.types(input);
        }
        &self.answer.screen
    }

    #[track_caller]
    fn shows(&self, state: &str, screen: &str) {
        assert_eq!(self.answer.screen, screen);
        assert_eq!(self.session.state_name(), state);
        assert!(self.answer.goes_on);
    }

    #[track_caller]
    fn ends(&self, screen: &str) {
        assert_eq!(self.answer.screen, screen);
        assert!(!self.answer.goes_on && self.session.is_over());
    }

    fn check(&self) {
        let screen = &self.answer.screen;
        texts::assert_fits(screen);
        assert_eq!(self.answer.goes_on, !self.session.is_over(), "{screen}");
    }
}
