//! Which provider collects, and what becomes of a callback that is none or another's.

use hub::hub::{
    effect::{Effect, Refusal, RefusalKind, Response},
    input::{CallbackName, Input, Item, NewPurchase, Pay, ReplyId, Request},
    settings::Settings,
};
use kiosk::{
    ids::CustomerId,
    payment::{PaymentEvent, ProviderVerdict, PushAnswer, Report},
    phone::Country,
    provider::Provider,
    tariff::Tariff,
    units::Currency,
};

use crate::world::{World, ml};

fn buy(customer: CustomerId, provider: Option<Provider>) -> Request {
    Request::CreatePurchase(NewPurchase {
        customer,
        item: Item::Litres(ml(20_000)),
        pay: Pay::Prompt,
        provider,
        phone: None,
    })
}

fn of(country: Country, providers: &[Provider]) -> impl FnOnce(&mut Settings) {
    let providers = providers.to_vec();
    move |settings| {
        settings.country = country;
        settings.currency = country.currency();
        settings.tariff = Tariff::built_in(settings.currency);
        settings.providers = providers;
        // As `payments.*` says it of the real ones.
        settings.collects = [
            (Provider::Mpesa, Currency::Kes),
            (Provider::Intasend, Currency::Kes),
            (Provider::Mtn, Currency::Ugx),
        ]
        .into();
    }
}

#[test]
fn the_phone_s_network_chooses_and_a_name_outranks_it() {
    use Provider::{Airtel, Intasend, Mpesa, Mtn};
    for (country, offered, phone, named, chosen) in [
        (Country::Kenya, vec![Mpesa, Intasend], "0700000102", None, Mpesa),
        (
            Country::Kenya,
            vec![Mpesa, Intasend],
            "0700000102",
            Some(Intasend),
            Intasend,
        ),
        (Country::Kenya, vec![Airtel, Intasend], "0700000102", None, Intasend),
        (Country::Kenya, vec![Mpesa, Airtel], "0733000102", None, Airtel),
        (Country::Uganda, vec![Mtn, Airtel], "0772123456", None, Mtn),
        (Country::Uganda, vec![Mtn, Airtel], "0752123456", None, Airtel),
        // M-PESA is the first, and takes no Ugandan shillings.
        (Country::Uganda, vec![Mpesa, Mtn], "0752123456", None, Mtn),
    ] {
        let mut world = World::with(of(country, &offered));
        let customer = world.customer(phone, None);
        world.ask(buy(customer, named)).unwrap();
        assert_eq!(world.prompts()[0].provider, chosen, "{phone} {offered:?} {named:?}");
    }
}

#[test]
fn a_provider_that_does_not_take_the_currency_is_refused_clearly() {
    let mut world = World::with(of(Country::Uganda, &[Provider::Mpesa, Provider::Intasend]));
    let customer = world.customer("0772123456", None);
    let refused = |refusal: Refusal| (refusal.kind, refusal.code.to_string(), refusal.message.to_string());
    assert_eq!(
        refused(world.ask(buy(customer, Some(Provider::Mpesa))).unwrap_err()),
        (
            RefusalKind::Invalid,
            "currency_not_taken".to_owned(),
            "mpesa takes KES, not UGX".to_owned()
        )
    );
    assert_eq!(
        refused(world.ask(buy(customer, None)).unwrap_err()),
        (
            RefusalKind::Conflict,
            "currency_not_taken".to_owned(),
            "no payment provider of this hub takes UGX".to_owned()
        )
    );
    assert!(world.prompts().is_empty());
}

#[test]
fn references_of_ours_have_the_providers_forms() {
    let mut world = World::with(of(Country::Uganda, &[Provider::Mtn, Provider::Airtel]));
    for (phone, provider) in [("0772123456", Provider::Mtn), ("0752123456", Provider::Airtel)] {
        let customer = world.customer(phone, None);
        world.ask(buy(customer, Some(provider))).unwrap();
    }
    let prompts = world.prompts();
    let reference = |index: usize| prompts[index].reference.as_ref().unwrap().as_str().to_owned();
    // RFC 9562: 8-4-4-4-12 digits, version 4, variant 10.
    let uuid = reference(0);
    let parts: Vec<&str> = uuid.split('-').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12]
    );
    assert!(
        parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']),
        "{uuid}"
    );
    assert!(reference(1).bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

fn claim(world: &mut World, name: CallbackName, reference: &str) {
    let report = Report {
        reference: reference.parse().ok(),
        verdict: ProviderVerdict::Paid,
        receipt: None,
        amount: None,
        payer: None,
    };
    let reply = ReplyId(u64::MAX);
    let answers = world.give(Input::Callback { reply, name, report });
    let answer = Ok(Response::Done);
    assert_eq!(answers, [Effect::Reply { reply, answer }]);
}

#[test]
fn a_token_belongs_to_one_provider() {
    let mut world = World::with(of(Country::Kenya, &[Provider::Intasend]));
    let customer = world.customer("0700000102", None);
    world.ask(buy(customer, None)).unwrap();
    let (purchase, token) = (world.prompts()[0].purchase, world.prompts()[0].token.clone());
    // The push's answer was lost, so the callback is the first to name the invoice.
    world.give(Input::Provider {
        purchase,
        event: PaymentEvent::PushAnswered(PushAnswer::NoAnswer),
    });
    let named = |provider| CallbackName::Token {
        provider,
        token: token.clone(),
    };
    let queries = |world: &World| {
        let asks = |effect: &&Effect| matches!(effect, Effect::Query { .. });
        world.seen.iter().filter(asks).count()
    };
    claim(&mut world, named(Provider::Mpesa), "ws_CO_1");
    assert_eq!(queries(&world), 0, "Daraja does not speak for IntaSend");
    claim(&mut world, named(Provider::Intasend), "BRZKGPR");
    assert_eq!(queries(&world), 1);
    assert_eq!(world.balance_ml(customer), 0, "and a claim moves nothing");
}

#[test]
fn bytes_that_are_no_callback_are_written_down() {
    let mut world = World::new();
    let reply = ReplyId(u64::MAX);
    let answers = world.give(Input::BadCallback {
        reply,
        service: Provider::Airtel.into(),
        why: "callback: not JSON".to_owned(),
    });
    let answer = Ok(Response::Done);
    assert_eq!(answers, [Effect::Reply { reply, answer }]);
    let row: (String, String, String) = world
        .read()
        .query_row(
            "SELECT actor, action, detail FROM audit ORDER BY id DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!(
        row,
        (
            "airtel".to_owned(),
            "callback refused".to_owned(),
            "callback: not JSON".to_owned()
        )
    );
}

#[test]
fn a_prompt_has_half_a_minute_to_be_sent() {
    let mut world = World::with(of(Country::Kenya, &[Provider::Mpesa]));
    let customer = world.customer("0700000102", None);
    let asked = world.now;
    world.ask(buy(customer, None)).unwrap();
    assert_eq!(world.prompts()[0].send_before.0, asked.0 + 30_000);
}
