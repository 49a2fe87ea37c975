//! A customer at her phone: what she types and each screen she reads, told in a line.

use anyhow::{bail, ensure};
use world::{
    caller::{Caller, Screen},
    programme::{Programme, SERVICE_CODES},
};

use crate::story::{abroad, say};

/// What she dials: the menu of water.
const CODE: &str = SERVICE_CODES[0].0;

/// Her phone.
pub struct Call<'a> {
    caller: Caller,
    first: &'a str,
}

impl<'a> Call<'a> {
    /// The phone of somebody with this first name.
    pub fn new(programme: &Programme, phone: &str, first: &'a str) -> anyhow::Result<Call<'a>> {
        let caller = programme.caller(abroad(phone)?)?;
        Ok(Call { caller, first })
    }

    /// Dials; tells the screen.
    pub async fn dial(&self) -> anyhow::Result<String> {
        let screen = self.caller.dial(CODE).await?;
        ensure!(
            screen.goes_on,
            "{} dialled {CODE} and read: {}",
            self.first,
            screen.text
        );
        self.tell(&format!("dials {CODE}"), &screen);
        Ok(screen.text)
    }

    /// Types; tells the screen.
    pub async fn type_in(&self, input: &str) -> anyhow::Result<String> {
        self.step(input, input).await
    }

    /// Types what nobody may read.
    pub async fn key_in_pin(&self, pin: &str) -> anyhow::Result<String> {
        self.step(pin, "****").await
    }

    /// Hangs up.
    pub async fn hang_up(&self) -> anyhow::Result<()> {
        self.caller.hang_up().await
    }

    async fn step(&self, input: &str, told: &str) -> anyhow::Result<String> {
        let screen = match self.caller.type_in(input).await {
            Ok(screen) => screen,
            Err(error) => bail!("{} typed {told}: {error:#}", self.first),
        };
        self.tell(&format!("types {told}"), &screen);
        Ok(screen.text)
    }

    fn tell(&self, what: &str, screen: &Screen) {
        let shown = screen.text.replace('\n', " | ");
        say(&format!("  {} {what}: {shown}", self.first));
    }
}
