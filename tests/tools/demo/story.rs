//! One customer's morning, told in sentences.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use kiosk::provider::Provider;
use serde_json::{Value, json};
use tokio::time::Instant;
use world::{
    processes::wait_for,
    programme::{Customer, Kiosk, Programme, within},
    tap::Tap,
};

use crate::{people::People, phone::Call};

const NAMES: [&str; 8] = [
    "Amina Hassan",
    "Jane Smith",
    "Achieng Otieno",
    "Wambui Kamau",
    "Fatuma Ali",
    "Chebet Koech",
    "Mwende Musyoka",
    "Nafula Wekesa",
];
const CITY: &str = "Nairobi";
const PIN: &str = "4071";
/// What she buys, and what she draws before and after the cut.
const BOUGHT_ML: i64 = 40_000;
/// What she buys when the link is back, by another provider.
const MORE_ML: i64 = 20_000;
/// Those providers, one a story.
const OTHERS: [Provider; 3] = [Provider::Mtn, Provider::Airtel, Provider::Intasend];
const FIRST_ML: i64 = 20_000;
const SECOND_ML: i64 = 10_000;
/// How long she waits for each thing.
const PATIENCE_S: u64 = 30;
/// How long the link stays cut at least, so that the others pour too.
const CUT_FOR: Duration = Duration::from_secs(2);
/// How much of a text of sync is shown: nobody reads it.
const SHOWN_LETTERS: usize = 24;

/// Says a sentence.
pub fn say(sentence: &str) {
    println!("{sentence}");
}

/// Tells stories; keeps the first dispenser of each site between them.
pub struct Story {
    people: Arc<People>,
    taps: Vec<(String, Tap)>,
    told: usize,
    paid: BTreeMap<Provider, i64>,
    /// How many texts each phone was seen to get.
    texts: BTreeMap<u64, usize>,
}

impl Story {
    /// Nothing is told yet.
    pub fn new(people: Arc<People>) -> Story {
        Story {
            people,
            taps: Vec::new(),
            told: 0,
            paid: BTreeMap::new(),
            texts: BTreeMap::new(),
        }
    }

    /// Registers and buys by USSD, pays, pours; the link is cut; pours again and asks the site by text; the site's SIM tells
    /// the hub; the link returns; both sides agree; pays by another provider.
    pub async fn tell(&mut self, programme: &Programme, index: usize) -> anyhow::Result<()> {
        let site = &programme.sites[index];
        let place = &site.name;
        let name = NAMES[self.told % NAMES.len()];
        let phone = format!("07{:08}", 20_000_000 + self.told);
        let other = OTHERS[self.told % OTHERS.len()];
        self.told += 1;
        let first = name.split(' ').next().unwrap_or(name);
        let customer = register(programme, place, name, &phone).await?;
        say(&format!(
            "{name} registers at {place} with {phone}: her account is {}.",
            customer.account
        ));
        let call = Call::new(programme, &customer.phone, first)?;
        let purchase = buy_by_phone(programme, &customer, &call).await?;
        self.paid_for(programme, &customer, first, (Provider::Mpesa, BOUGHT_ML), &purchase)
            .await?;

        self.pour(site, &customer, first, "first", FIRST_ML).await?;
        site.link(false);
        self.people.cut(Some(place));
        say(&format!("The link of {place} to the hub is cut."));
        let since = Instant::now();
        let left = self.pour(site, &customer, first, "second", SECOND_ML).await?;
        let known = programme.customer(&customer).await?["balance_ml"]
            .as_i64()
            .context("a balance")?;
        say(&format!(
            "The hub does not know of it: it says {} litres, the site {}.",
            known / 1_000,
            left / 1_000
        ));
        self.ask_by_text(programme, site, &customer, first).await?;
        told_by_text(programme, site, (&customer, first), left).await?;
        tokio::time::sleep_until(since + CUT_FOR).await;
        self.people.cut(None);
        site.link(true);
        say("The link is back.");
        programme.agree(index, Duration::from_secs(PATIENCE_S)).await?;
        let known = programme.customer(&customer).await?["balance_ml"]
            .as_i64()
            .context("a balance")?;
        ensure!(
            known == left,
            "{first} has {left} ml at {place} and {known} ml at the hub"
        );
        let seconds = since.elapsed().as_secs();
        say(&format!(
            "After {seconds} s both sides agree: {first} has {} litres left.",
            known / 1_000
        ));
        let purchase = buy_by_api(programme, &customer, other).await?;
        self.paid_for(programme, &customer, first, (other, MORE_ML), &purchase)
            .await?;
        println!();
        Ok(())
    }

    /// What was paid by each provider, in litres.
    pub fn paid(&self) -> String {
        let of = |(provider, ml): (&Provider, &i64)| format!("{} by {}", ml / 1_000, provider.title());
        self.paid.iter().map(of).collect::<Vec<_>>().join(", ")
    }

    /// The prompt is on her phone; tells how the payment ends.
    async fn paid_for(
        &mut self,
        programme: &Programme,
        customer: &Customer,
        first: &str,
        (provider, volume_ml): (Provider, i64),
        purchase: &str,
    ) -> anyhow::Result<()> {
        let title = provider.title();
        say(&format!(
            "{first} buys {} litres by {title}; the prompt is on her phone.",
            volume_ml / 1_000
        ));
        let path = format!("/api/v1/purchases/{purchase}");
        let ended = wait_for("the payment ends", Duration::from_secs(PATIENCE_S), async || {
            let shown = programme.api.get(&path).await.ok()?.body;
            let state = shown["state"].as_str()?.to_owned();
            (!matches!(state.as_str(), "created" | "submitting" | "pending")).then_some(state)
        });
        match ended.await?.as_str() {
            "succeeded" => say(&format!(
                "She keys in her PIN; {title} calls back, the hub asks {title} itself, and credits her."
            )),
            other => bail!("the payment by {title} is {other}"),
        }
        self.read_text(programme, customer, first).await?;
        self.people.credited(customer, volume_ml);
        *self.paid.entry(provider).or_default() += volume_ml;
        Ok(())
    }

    /// She texts the site's own SIM, which answers though the hub is away.
    async fn ask_by_text(
        &mut self,
        programme: &Programme,
        site: &Kiosk,
        customer: &Customer,
        first: &str,
    ) -> anyhow::Result<()> {
        let modem = site.modem.as_ref().context("each site has a modem")?;
        programme
            .write(abroad(&customer.phone)?, &modem.phone(), "BALANCE")
            .await?;
        say(&format!(
            "{first} texts BALANCE to the SIM of {}, {}.",
            site.name,
            modem.phone()
        ));
        self.read_text(programme, customer, first).await
    }

    /// A text that was not there before is on her phone.
    async fn read_text(&mut self, programme: &Programme, customer: &Customer, first: &str) -> anyhow::Result<()> {
        let phone = abroad(&customer.phone)?;
        let known = self.texts.get(&phone).copied().unwrap_or(0);
        let came = wait_for(
            "the text is on her phone",
            Duration::from_secs(PATIENCE_S),
            async || {
                let texts = programme.texts_on(phone).await.ok()?;
                texts.get(known).cloned()
            },
        );
        say(&format!("{first}'s phone: \u{201c}{}\u{201d}", came.await?));
        self.texts.insert(phone, known + 1);
        Ok(())
    }

    /// Draws, and tells what is left in millilitres. Just after paying, the litres may still be on their way.
    async fn pour(
        &mut self,
        site: &Kiosk,
        customer: &Customer,
        first: &str,
        name: &str,
        volume_ml: i64,
    ) -> anyhow::Result<i64> {
        if !self.taps.iter().any(|(place, _)| *place == site.name) {
            self.taps.push((site.name.clone(), site.tap(0)));
        }
        let found = self.taps.iter_mut().find(|(place, _)| *place == site.name);
        let (_, tap) = found.context("it was put there just now")?;
        let limit = within(PATIENCE_S);
        for number in 0.. {
            let request = format!("{}-{name}-{number}", customer.account);
            let sale = tap.buy(customer.ask(&request, volume_ml), None, limit).await?;
            self.people.sold(&site.name, tap, customer, &sale);
            if let Some(receipt) = sale.receipt {
                let left = receipt.balance_ml.context("a customer's receipt tells the balance")?;
                say(&format!(
                    "At {}, {}, {first} draws {} litres: receipt {}, {} litres left.",
                    site.name,
                    tap.id(),
                    receipt.volume_ml / 1_000,
                    receipt.receipt,
                    left / 1_000
                ));
                return Ok(left);
            }
            ensure!(Instant::now() < limit, "{first} was denied: {}", sale.answer.reason);
        }
        unreachable!("the loop has no other end")
    }

    /// Hands over what its dispensers heard.
    pub fn finish(self) -> anyhow::Result<()> {
        for (place, tap) in self.taps {
            ensure!(
                tap.dispenser().unreceipted().next().is_none(),
                "{place}: a pour has no receipt"
            );
            self.people.heard(&tap);
        }
        Ok(())
    }
}

/// A number of Kenya as the network has it.
pub fn abroad(phone: &str) -> anyhow::Result<u64> {
    Ok(254_000_000_000 + phone.parse::<u64>()?)
}

/// The hub comes to know by the site's SIM what is left to her, in millilitres, while the link is cut.
async fn told_by_text(
    programme: &Programme,
    site: &Kiosk,
    (customer, first): (&Customer, &str),
    left: i64,
) -> anyhow::Result<()> {
    let modem = site.modem.as_ref().context("each site has a modem")?;
    let told = wait_for("the hub knows by text", Duration::from_secs(PATIENCE_S), async || {
        let known = programme.customer(customer).await.ok()?;
        (known["balance_ml"] == left).then_some(())
    });
    told.await?;
    let seen = programme.site(&site.name).await?;
    ensure!(seen["online"] == false, "{} has a link: {seen}", site.name);
    let texts = programme.texts().await?;
    let is_sync = |text: &&Value| {
        let is_ours = text["phone"] == modem.number && text["from_phone"] == true;
        is_ours && text["text"].as_str().is_some_and(sync::thin::looks_like_frame)
    };
    let text = texts
        .iter()
        .rfind(is_sync)
        .context("the hub knows, and nobody told it")?;
    let text = text["text"].as_str().context("a text has words")?;
    say(&format!(
        "The SIM of {} texts its sales to the hub, the newest in {} letters: \u{201c}{}\u{2026}\u{201d}",
        site.name,
        text.len(),
        &text[..SHOWN_LETTERS.min(text.len())]
    ));
    say(&format!(
        "The link is still cut, and the hub says {} litres for {first}, too.",
        left / 1_000
    ));
    Ok(())
}

/// She makes an account by USSD, and has her water given out at a site.
async fn register(programme: &Programme, place: &str, name: &str, phone: &str) -> anyhow::Result<Customer> {
    let first = name.split(' ').next().unwrap_or(name);
    let call = Call::new(programme, phone, first)?;
    call.dial().await?;
    for input in [name, CITY] {
        call.type_in(input).await?;
    }
    for _ in 0..2 {
        call.key_in_pin(PIN).await?;
    }
    // The review, and from what it says to the menu, to her water, and to the sites.
    for input in ["1", "0", "2"] {
        call.type_in(input).await?;
    }
    let sites = call.type_in("5").await?;
    let row = sites
        .lines()
        .find_map(|line| line.strip_suffix(place)?.strip_suffix(". "));
    let row = row.with_context(|| format!("{place} is not among the sites: {sites}"))?;
    for input in [row, "1"] {
        call.type_in(input).await?;
    }
    call.key_in_pin(PIN).await?;
    call.hang_up().await?;
    let found = programme.api.get(&format!("/api/v1/customers?phone={phone}")).await?;
    let found = found.expect(200)?["items"][0].clone();
    ensure!(found["site"] == place, "{first} does not draw at {place}: {found}");
    let text = |field: &str| found[field].as_str().map(str::to_owned).context("a new customer");
    Ok(Customer {
        id: text("id")?,
        account: text("account_id")?,
        phone: phone.to_owned(),
        pin: PIN.to_owned(),
    })
}

/// She orders by USSD what she pays by M-PESA; tells the purchase.
async fn buy_by_phone(programme: &Programme, customer: &Customer, call: &Call<'_>) -> anyhow::Result<String> {
    call.dial().await?;
    for input in ["1", "2", &(BOUGHT_ML / 1_000).to_string(), "1"] {
        call.type_in(input).await?;
    }
    let path = format!("/api/v1/purchases?customer={}&limit=1", customer.id);
    let newest = programme.api.get(&path).await?.expect(200)?;
    let id = newest["items"][0]["id"].as_str().map(str::to_owned);
    id.with_context(|| format!("she has bought nothing: {newest}"))
}

/// Somebody orders for her, to be paid by this provider; tells the purchase.
async fn buy_by_api(programme: &Programme, customer: &Customer, provider: Provider) -> anyhow::Result<String> {
    let body = json!({
        "customer": customer.id, "kind": "topup", "volume_ml": MORE_ML, "provider": provider.name(), "pay": "prompt",
    });
    let made = programme.api.post("/api/v1/purchases", &body).await?.expect(202)?;
    made["id"].as_str().map(str::to_owned).context("an id")
}
