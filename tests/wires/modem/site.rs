//! A whole site with a modem: the real hub, a real gateway and a pretend modem on a pty, while the data is cut.

use std::{fs, os::unix::ffi::OsStrExt as _, time::Duration};

use rustix::pty::{OpenptFlags, openpt, ptsname};
use world::{
    processes::{Folder, wait_for},
    programme::{Customer, Programme, STOP_WITHIN, within},
    sandbox::texts::SHORT_CODE,
    tap::Tap,
};

use crate::WITHIN;

const SITE: &str = "kibera-3";
/// Terminals that a test takes to have a certain one.
const LOWER_MAX: usize = 32;
const JANE: u64 = 254_700_000_102;
/// What the site says of so many litres (`sms-balance-here`).
const TWENTY: &str = "At this kiosk you have 20 l of water and 0 jerrycans, as far as it knows now.";
const FIFTEEN: &str = "At this kiosk you have 15 l of water and 0 jerrycans, as far as it knows now.";

/// A site with a modem that is in its network, a dispenser, and Jane with 20 litres.
async fn site(folder: &Folder, keys: &[(&str, &str)]) -> (Programme, Customer) {
    let path = folder.path();
    let mut programme = Programme::texting(path, &[kiosk::provider::Provider::Mpesa], &[])
        .await
        .unwrap();
    let index = programme.add_texting_site(path, SITE, 1, keys).await.unwrap();
    let jane = programme
        .register(SITE, "Jane Smith", "0700000102", "4071")
        .await
        .unwrap();
    programme.credit(&jane, 20_000).await.unwrap();
    programme.agree(index, WITHIN).await.unwrap();
    in_network(&programme).await;
    (programme, jane)
}

/// Waits until the gateway has its SIM in a network and knows what is left on it.
async fn in_network(programme: &Programme) {
    let site = &programme.sites[0];
    let own = site.api().await.unwrap();
    wait_for("the SIM is in its network", WITHIN, async || {
        let status = own.get("/api/v1/status").await.ok()?.body;
        let modem = &status["modem"];
        let is_there = modem["ready"] == true && modem["network"]["registered"] == true;
        (is_there && modem["airtime"]["left_minor"] == 25_000).then_some(())
    })
    .await
    .unwrap_or_else(|error| panic!("{error}: {}", site.gateway.log_end()));
}

/// Cuts the link and waits until the hub has noticed.
async fn cut(programme: &Programme) {
    programme.sites[0].link(false);
    wait_for("the hub knows of the cut", WITHIN, async || {
        (programme.site(SITE).await.ok()?["online"] == false).then_some(())
    })
    .await
    .unwrap();
}

/// She draws; tells what is left in millilitres. What she may draw may still be on its way to the site.
async fn draw(tap: &mut Tap, jane: &Customer, run: &str, volume_ml: i64) -> i64 {
    let limit = within(WITHIN.as_secs());
    for number in 0.. {
        let ask = jane.ask(&format!("{run}-{number}"), volume_ml);
        let sale = tap.buy(ask, None, limit).await.unwrap();
        if let Some(receipt) = sale.receipt {
            return receipt.balance_ml.unwrap();
        }
        assert_eq!(sale.answer.reason, "insufficient_credit");
        tap.rest(tokio::time::Instant::now() + Duration::from_millis(250))
            .await
            .unwrap();
    }
    unreachable!("the loop has no other end")
}

/// Waits until her phone has a text.
async fn gets(programme: &Programme, text: &str) {
    let mut last = Vec::new();
    let came = wait_for("the answer is on her phone", WITHIN, async || {
        last = programme.texts_on(JANE).await.ok()?;
        last.iter().any(|got| got == text).then_some(())
    });
    came.await
        .unwrap_or_else(|error| panic!("{error}: {last:?}\n{}", programme.sites[0].gateway.log_end()));
}

/// What the hub says she has, waited for.
async fn hub_knows(programme: &Programme, jane: &Customer, balance_ml: i64) {
    wait_for("the hub knows of the sale", WITHIN, async || {
        (programme.customer(jane).await.ok()?["balance_ml"] == balance_ml).then_some(())
    })
    .await
    .unwrap_or_else(|error| panic!("{error}: {}", programme.sites[0].gateway.log_end()));
    assert_eq!(programme.site(SITE).await.unwrap()["online"], false, "the link is cut");
}

/// The power fails and comes back. What was sold before is of an earlier run, which nobody adds to: it waits for nothing.
async fn power_fails(programme: &mut Programme) {
    programme.sites[0].gateway.kill().unwrap();
    programme.sites[0].start().await.unwrap();
}

/// Texts that the site's SIM sent to the hub.
async fn texts_to_hub(programme: &Programme) -> usize {
    let sim = programme.sites[0].modem.as_ref().unwrap().number;
    let all = programme.texts().await.unwrap();
    all.iter()
        .filter(|text| text["phone"] == sim && text["from_phone"] == true && text["to"] == SHORT_CODE)
        .count()
}

#[tokio::test]
async fn a_text_is_answered_without_data_and_after_the_modem_was_pulled() {
    let folder = Folder::new("answers").unwrap();
    let (mut programme, jane) = site(&folder, &[]).await;
    cut(&programme).await;
    let sim = programme.sites[0].modem.as_ref().unwrap().phone();
    programme.write(JANE, &sim, "BALANCE").await.unwrap();
    gets(&programme, TWENTY).await;

    let mut tap = programme.sites[0].tap(0);
    assert_eq!(draw(&mut tap, &jane, "cut", 5_000).await, 15_000);
    let modem = programme.sites[0].modem.as_mut().unwrap();
    let port = modem.program.data().to_owned();
    let before = fs::read_link(&port).unwrap();
    modem.program.kill().unwrap();
    // Somebody else takes the old name once the gateway has let go of it, so that it comes back under another.
    let mut others = Vec::new();
    let taken = wait_for("the old name is taken", WITHIN, async || {
        let other = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        let name = ptsname(&other, Vec::new()).unwrap();
        let is_old = name.to_bytes() == before.as_os_str().as_bytes();
        // The system gives the lowest number that is free: those below are taken, too.
        if is_old || others.len() < LOWER_MAX {
            others.push(other);
        }
        is_old.then_some(())
    });
    taken.await.unwrap();
    modem.start().await.unwrap();
    assert_ne!(fs::read_link(&port).unwrap(), before);
    in_network(&programme).await;
    programme.write(JANE, &sim, "BALANCE").await.unwrap();
    gets(&programme, FIFTEEN).await;

    let told = programme.sites[0].gateway.run(&["doctor"]).await.unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    // However often the port was tried meanwhile.
    let log = programme.sites[0].gateway.log();
    for said in ["the modem is ready", "the modem's port is gone", "the modem is back"] {
        assert_eq!(log.matches(said).count(), 1, "{said}: {log}");
    }
    for line in [
        format!(
            "warn  modem.port: {} is a pseudo-terminal of kisima-modem: a pretend modem",
            port.display()
        ),
        "after 1 s without data, sales go by SMS to 22384; there is no ussd.hub_code".to_owned(),
        "in Safaricom (63902), home, -73 dBm".to_owned(),
        "airtime: KES 250.00, as told at".to_owned(),
    ] {
        assert!(told.contains(&line), "{line}: {told}");
    }
    programme.sites[0].link(true);
    programme.agree(0, WITHIN).await.unwrap();
    programme.stop().await.unwrap();
}

#[tokio::test]
async fn without_data_a_sale_goes_up_and_a_credit_comes_down_by_sms() {
    let folder = Folder::new("thin-sms").unwrap();
    let (mut programme, jane) = site(&folder, &[]).await;
    cut(&programme).await;
    let mut tap = programme.sites[0].tap(0);
    assert_eq!(draw(&mut tap, &jane, "cut", 5_000).await, 15_000);
    // The hub hears nothing of it by itself.
    assert_eq!(programme.customer(&jane).await.unwrap()["balance_ml"], 20_000);
    power_fails(&mut programme).await;
    hub_knows(&programme, &jane, 15_000).await;
    assert!(texts_to_hub(&programme).await >= 2, "a HELLO and the sale");

    programme.credit(&jane, 10_000).await.unwrap();
    assert_eq!(draw(&mut tap, &jane, "credited", 20_000).await, 5_000);
    assert_eq!(programme.site(SITE).await.unwrap()["online"], false, "it came by text");
    programme.sites[0].link(true);
    programme.agree(0, WITHIN).await.unwrap();
    assert_eq!(programme.customer(&jane).await.unwrap()["balance_ml"], 5_000);
    programme.sites[0].gateway.stop(STOP_WITHIN).await.unwrap();
    programme.stop().await.unwrap();
}

#[tokio::test]
async fn without_data_both_go_in_one_ussd_session() {
    let folder = Folder::new("thin-ussd").unwrap();
    let (mut programme, jane) = site(&folder, &[("ussd.hub_code", "\"*384*303#\"")]).await;
    cut(&programme).await;
    let mut tap = programme.sites[0].tap(0);
    assert_eq!(draw(&mut tap, &jane, "cut", 5_000).await, 15_000);
    programme.credit(&jane, 10_000).await.unwrap();
    power_fails(&mut programme).await;
    hub_knows(&programme, &jane, 25_000).await;
    assert_eq!(draw(&mut tap, &jane, "credited", 20_000).await, 5_000);
    assert_eq!(programme.site(SITE).await.unwrap()["online"], false, "it came by USSD");
    assert_eq!(texts_to_hub(&programme).await, 0, "no text was needed");
    let sim = programme.sites[0].modem.as_ref().unwrap().number;
    assert_eq!(programme.texts_on(sim).await.unwrap(), [""; 0], "nor from the hub");
    programme.sites[0].link(true);
    programme.agree(0, WITHIN).await.unwrap();
    assert_eq!(programme.customer(&jane).await.unwrap()["balance_ml"], 5_000);
    programme.stop().await.unwrap();
}
