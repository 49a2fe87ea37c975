//! The phone that a newcomer dials: the real hub behind a pretend network, and a person in a real browser.

#[cfg(test)]
#[path = "phone/browser.rs"]
mod browser;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kiosk::provider::Provider;
    use serde_json::{Value, json};
    use world::{
        caller::Screen,
        processes::{Folder, wait_for},
        programme::{Programme, SERVICE_CODES},
        sandbox::texts::calls::{NO_CONNECTION, TIMED_OUT},
    };

    use super::browser::Browser;

    /// How long anything may take on a busy machine.
    const WITHIN: Duration = Duration::from_secs(30);
    const JANE: u64 = 254_708_374_149;
    const PIN: &str = "4071";
    const WATER: &str = SERVICE_CODES[0].0;

    async fn programme(folder: &Folder) -> Programme {
        let keys = [("payments.query_after", "\"1 s\"")];
        let mut programme = Programme::texting(folder.path(), &[Provider::Mpesa], &keys)
            .await
            .unwrap();
        programme.add_site(folder.path(), "kibera-3", 0).await.unwrap();
        programme
    }

    /// Whether the control page and the control API are silent about a PIN.
    async fn nobody_reads(programme: &Programme, pin: &str) {
        let sandbox = programme.sandbox().unwrap();
        for path in ["/", "/control"] {
            let page = sandbox.get(path).await.unwrap().text;
            // Long numbers may hold any four digits: what was typed stands between signs.
            let words = page.split(|c: char| !c.is_ascii_alphanumeric());
            assert!(
                words.clone().count() > 100 && !words.clone().any(|word| word == pin),
                "{path}: {page}"
            );
        }
    }

    /// Forms that the hub's address for ended sessions was given, with how it answered.
    async fn told_of_ends(programme: &Programme) -> Vec<(Value, String)> {
        let control = programme.sandbox().unwrap().get("/control").await.unwrap().body;
        let all = control["africastalking"]["deliveries"].as_array().unwrap().clone();
        let ends = all
            .into_iter()
            .filter(|sent| sent["callback"]["url"].as_str().unwrap().contains("/ussd/events/"));
        ends.map(|sent| {
            (
                sent["status"].clone(),
                sent["callback"]["body"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
    }

    async fn sessions(programme: &Programme) -> i64 {
        let listed = programme
            .api
            .get("/api/ussd/sessions")
            .await
            .unwrap()
            .expect(200)
            .unwrap();
        assert!(!listed.to_string().contains(PIN), "{listed}");
        listed["activeSessions"].as_i64().unwrap()
    }

    #[tokio::test]
    async fn a_person_walks_the_water_menu_in_a_browser() {
        let folder = Folder::new("phone-page").unwrap();
        let mut programme = programme(&folder).await;
        let sandbox = programme.sandbox().unwrap();
        let by_hand = json!({"auto": false});
        let own = format!("/control/mpesa/phones/{JANE}");
        sandbox.post(&own, &by_hand).await.unwrap().expect(200).unwrap();
        let browser = Browser::open().await.unwrap();
        let page = format!("{}/phone/{JANE}", programme.sandbox.as_ref().unwrap().url().unwrap());
        browser.window.goto(&page).await.unwrap();
        assert!(
            !browser.window.source().await.unwrap().contains("<script"),
            "it works without one"
        );

        browser.shows(".screen", "Dial a code").await.unwrap();
        let source = browser.window.source().await.unwrap();
        assert!(!source.contains("<script"), "it works without one: {source}");
        browser.press(WATER).await.unwrap();
        browser.shows(".screen", "Enter your name").await.unwrap();
        for (typed, next) in [
            ("Jane Wanjiru", "Enter your city"),
            ("Nairobi", "Enter 4-digit PIN"),
            (PIN, "Enter the PIN again"),
            (PIN, "Name: Jane Wanjiru"),
            ("1", "Account created!"),
            ("0", "Hello Jane"),
            ("7", "MY ACCOUNT"),
            ("1", "2. Kiswahili"),
        ] {
            browser.fill("input", typed).await.unwrap();
            browser.press("Send").await.unwrap();
            browser.shows(".screen", next).await.unwrap();
            let source = browser.window.source().await.unwrap();
            assert!(!source.contains(PIN), "{source}");
        }
        nobody_reads(&programme, PIN).await;
        in_swahili(&browser).await;

        // The prompt comes up beneath the screen, and then the receipt.
        browser
            .shows_in_frame(".prompt", "Do you want to pay KES 40")
            .await
            .unwrap();
        browser.enter_frame().await.unwrap();
        browser.fill("pin", "2580").await.unwrap();
        browser.press("Pay").await.unwrap();
        browser.shows_in_frame(".text", "Tumepokea KES 40").await.unwrap();

        browser.fill("text", "SALIO").await.unwrap();
        browser.press("Send").await.unwrap();
        browser.shows_in_frame(".text.sent", "SALIO").await.unwrap();

        programme.hub.kill().unwrap();
        browser.press("OK").await.unwrap();
        browser.shows("button.go", "Call").await.unwrap();
        browser.fill("code", WATER).await.unwrap();
        browser.press("Call").await.unwrap();
        browser.shows(".screen", NO_CONNECTION).await.unwrap();
        browser.close().await.unwrap();
    }

    /// From the choice of a language to the order of twenty litres.
    async fn in_swahili(browser: &Browser) {
        for (typed, next) in [
            ("2", "0. Rudi"),
            ("0", "Karibu Jane\n1. Nunua maji"),
            ("1", "NUNUA"),
            ("2", "Lita ngapi?"),
            ("20", "1. Lipa kwa simu"),
            ("1", "Thibitisha KES 40 kwenye simu yako"),
        ] {
            browser.fill("input", typed).await.unwrap();
            browser.press("Send").await.unwrap();
            browser.shows(".screen", next).await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_hub_is_told_of_every_end_and_nobody_of_a_pin() {
        let folder = Folder::new("phone-ends").unwrap();
        let programme = programme(&folder).await;
        let caller = programme.caller(JANE).unwrap();
        let shown = caller.dial(WATER).await.unwrap();
        assert!(shown.goes_on && shown.text.starts_with("Enter your name"), "{shown:?}");
        for input in ["Jane Wanjiru", "Nairobi", PIN] {
            caller.type_in(input).await.unwrap();
        }
        assert_eq!(sessions(&programme).await, 1);
        caller.hang_up().await.unwrap();
        let none_left = wait_for("the hub knows that she hung up", WITHIN, async || {
            (sessions(&programme).await == 0).then_some(())
        });
        none_left.await.unwrap();
        let told = told_of_ends(&programme).await;
        assert_eq!((told.len(), &told[0].0), (1, &json!(200)));
        assert!(
            told[0].1.contains("status=Incomplete") && told[0].1.contains("input=****"),
            "{told:?}"
        );
        nobody_reads(&programme, PIN).await;
        assert!(caller.type_in("1").await.is_err(), "no session waits");
        assert!(!programme.hub.log().contains(PIN) && !programme.sandbox.as_ref().unwrap().log().contains(PIN));

        let short = json!({"africastalking": {"ussd_session_ms": 1_500}});
        let sandbox = programme.sandbox().unwrap();
        sandbox.post("/control", &short).await.unwrap().expect(200).unwrap();
        caller.dial(WATER).await.unwrap();
        let over = wait_for("the network ends the session", WITHIN, async || {
            let control = sandbox.get("/control").await.unwrap().body;
            let call = &control["africastalking"]["calls"][JANE.to_string()];
            (call["line"] == "over").then(|| call["screen"].clone())
        });
        assert_eq!(over.await.unwrap(), json!(TIMED_OUT));
        let told = wait_for("the hub was told", WITHIN, async || {
            let told = told_of_ends(&programme).await;
            (told.len() == 2).then_some(told)
        });
        let (status, form) = told.await.unwrap().remove(1);
        assert_eq!(status, json!(200));
        assert!(form.contains("errorMessage=Session+timed+out"), "{form}");
    }

    #[tokio::test]
    async fn every_code_opens_its_menu_and_no_other_is_carried() {
        let folder = Folder::new("phone-codes").unwrap();
        let programme = programme(&folder).await;
        let caller = programme.caller(JANE).unwrap();
        let problem = Screen {
            text: NO_CONNECTION.to_owned(),
            goes_on: false,
        };
        assert_eq!(caller.dial("*100#").await.unwrap(), problem);
        programme
            .register("kibera-3", "Jane Wanjiru", "0708374149", PIN)
            .await
            .unwrap();
        for (code, menu) in [
            ("*384*303#", "1. Buy water"),
            ("*384*305#", "1. Make a deposit"),
            ("*384*306#", "1. Check water consumption"),
        ] {
            let shown = caller.dial(code).await.unwrap();
            assert!(shown.goes_on && shown.text.contains(menu), "{code}: {shown:?}");
        }
        programme.door.set(world::proxy::Weather::Cut);
        assert_eq!(caller.dial(WATER).await.unwrap(), problem);

        // As a person enters it on the control page.
        let url = programme.sandbox.as_ref().unwrap().url().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let entered = [("provider", "africastalking"), ("ussd_codes", r#"{"*100#":"Airtime"}"#)];
        let page = http.post(format!("{url}/")).form(&entered).send().await.unwrap();
        assert!(page.status().is_success(), "{page:?}");
        let phone = http.get(format!("{url}/phone?number=0708374149")).send().await.unwrap();
        assert!(phone.url().path().ends_with(&format!("/phone/{JANE}")), "{phone:?}");
        let phone = phone.text().await.unwrap();
        assert!(
            phone.contains("*100#") && phone.contains("Airtime") && !phone.contains(WATER),
            "{phone}"
        );
    }
}
