//! Stories of the programme, one a file, each named by the sentence that it shows. All are told over real machines in
//! the simulated world, and each ends with everything healed and every promise held.

mod a_callback_that_overtakes_the_answer_to_its_prompt_credits_once;
mod a_card_that_lied_gets_its_past_back;
mod a_clock_in_1970_sells_and_expires_nothing;
mod a_copied_card_is_refused;
mod a_credit_reaches_the_tap_within_two_seconds;
mod a_frame_cut_at_every_byte_loses_nothing;
mod a_household_draws_ahead_is_denied_offline_for_a_late_bill_and_freed_by_paying;
mod a_hub_killed_between_prompt_and_answer_asks_and_prompts_no_second_time;
mod a_kiosk_without_a_gateway_draws_what_the_site_gives_back;
mod a_late_success_after_an_expired_prompt_credits_once;
mod a_loan_and_a_purchase_wait_in_the_queue_and_are_marked;
mod a_loan_asked_in_a_cut_is_approved_at_the_hub_and_its_site_says_so;
mod a_meter_ahead_of_the_books_does_not_stop_a_box_that_was_heard;
mod a_payment_to_the_paybill_is_proven_by_the_list_and_drawn_at_the_tap;
mod a_person_of_another_site_is_told_so;
mod a_person_registered_at_a_site_draws_there;
mod a_phone_registered_twice_while_apart_becomes_one_customer;
mod a_purchase_asked_offline_is_paid_later;
mod a_recalled_grant_moves_to_another_site;
mod a_replaced_box_takes_over_and_the_old_one_stops;
mod a_report_that_overtakes_its_ask_uses_it_up;
mod a_restored_hub_takes_its_facts_back_and_grants_nothing_meanwhile;
mod a_sale_with_the_link_cut_is_known_to_the_hub_afterwards;
mod a_site_that_starts_without_data_is_known_to_the_hub_by_texts_alone;
mod a_site_without_data_tells_its_sales_by_text;
mod a_subscription_is_drawn_at_the_tap_and_ends_with_its_last_day;
mod callbacks_missing_late_and_doubled_credit_once;
mod cash_taken_in_a_cut_is_drawn_at_once_and_counted_later;
mod money_that_two_purchases_wait_for_lies_in_suspense_until_somebody_looks;
mod the_hub_is_away_for_ninety_days;
mod two_sites_never_overspend_one_customer;
mod what_is_paid_while_a_site_has_no_data_is_drawn_there_after_a_text;

use world::{Setting, Weather, World, check::check};

/// A second, in milliseconds.
const SECOND: u64 = 1_000;
/// An hour, in milliseconds.
const HOUR: u64 = 3_600 * SECOND;
/// A day, in milliseconds.
const DAY: u64 = 24 * HOUR;

/// A world with one site of two dispensers, and Jane, who lives there and has 20 litres.
fn village(seed: u64) -> (World, usize, usize) {
    settled(World::new(seed, Weather::calm()))
}

/// The same with a SIM at the site, which texts with the hub after ten minutes without data.
fn texting_village(seed: u64) -> (World, usize, usize) {
    let setting = Setting {
        thin_after_ms: Some(600 * SECOND),
        ..Setting::default()
    };
    settled(World::with(seed, setting))
}

fn settled(mut world: World) -> (World, usize, usize) {
    let site = world.found_site("kibera-3", 2);
    let jane = world.settle("Jane", site);
    world.credit(jane, 20_000);
    world.run_for(5 * SECOND);
    (world, site, jane)
}

/// Everything heals, and every promise holds.
fn ends_well(mut world: World) {
    world.calm_down();
    let violations = check(&mut world);
    assert!(violations.is_empty(), "{violations:#?}");
}
