//! Days of a site in Nairobi, where midnight is 21:00 UTC of the day before.

use super::*;
use crate::moment::{DAY_MS, Draw, MINUTE_MS, Trust, Wall};
use proptest::prelude::*;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn nairobi() -> Zone {
    Zone::named("Africa/Nairobi").unwrap()
}

fn at(wall: Wall, trust: Trust) -> Moment {
    Moment {
        wall,
        trust,
        monotonic_ms: 0,
        draw: Draw::new([0; 32]),
    }
}

/// A local time in Nairobi.
fn local(date: &str, hour: i64, minute: i64) -> Wall {
    nairobi().begin(day(date)).plus_ms(hour * HOUR_MS + minute * MINUTE_MS)
}

#[test]
fn a_job_is_done_once_on_each_local_day_and_messages_wait_for_the_morning() {
    let zone = nairobi();
    for (job, date, hour, done, due) in [
        (Job::Bills, "2026-11-21", 0, Some("2026-11-20"), true),
        (Job::Bills, "2026-11-21", 23, Some("2026-11-21"), false),
        (Job::Bills, "2026-11-21", 0, None, true),
        (Job::Reminders, "2026-11-21", 7, Some("2026-11-20"), false),
        (Job::Reminders, "2026-11-21", 8, Some("2026-11-20"), true),
        (Job::Reminders, "2026-11-21", 8, Some("2026-11-21"), false),
        (Job::Reminders, "2026-11-21", 19, Some("2026-11-20"), true),
        // Nobody is woken by what could have been said by day.
        (Job::Reminders, "2026-11-21", 20, Some("2026-11-20"), false),
        (Job::Endings, "2026-11-21", 23, Some("2026-11-20"), false),
        (Job::Reports, "2026-11-21", 23, Some("2026-11-20"), true),
        // Days off are one run, of today.
        (Job::Reminders, "2026-11-21", 9, Some("2026-11-02"), true),
        // The day that was stored lies ahead: the clock has stepped back.
        (Job::Bills, "2026-11-21", 12, Some("2026-11-22"), false),
    ] {
        let moment = at(local(date, hour, 0), Trust::Ntp);
        let run = run_due(job, done.map(day), &moment, &zone);
        assert_eq!(run, due.then(|| day(date)), "{job:?} {date} {hour} {done:?}");
        let lost = at(local(date, hour, 0), Trust::None);
        assert_eq!(
            run_due(job, done.map(day), &lost, &zone),
            None,
            "nothing runs without a trusted clock"
        );
    }
    // A minute before local midnight it is still the day before, whatever UTC says.
    let moment = at(local("2026-11-20", 23, 59), Trust::Hub);
    assert_eq!(run_due(Job::Reports, Some(day("2026-11-20")), &moment, &zone), None);
    for job in Job::ALL {
        assert_eq!(Job::from_name(job.name()), Some(job));
    }
}

#[test]
fn a_zone_that_changes_makes_no_day_twice() {
    // 22:30 UTC is the 21st in Nairobi and still the 20th in London.
    let moment = at(local("2026-11-21", 1, 30), Trust::Ntp);
    let in_nairobi = run_due(Job::Bills, None, &moment, &nairobi());
    assert_eq!(in_nairobi, Some(day("2026-11-21")));
    let london = Zone::named("Europe/London").unwrap();
    assert_eq!(run_due(Job::Bills, in_nairobi, &moment, &london), None);
}

#[test]
fn months_that_were_missed_are_billed_once_each_the_oldest_first() {
    let months = |billed: Option<&str>, began: &str, today: &str| {
        let billed = billed.map(|month| month.parse().unwrap());
        let due = months_due(billed, began.parse().unwrap(), day(today));
        due.map(|month| month.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(months(Some("2026-09"), "2026-01", "2026-11-01"), "2026-10");
    assert_eq!(months(Some("2026-10"), "2026-01", "2026-11-01"), "");
    assert_eq!(months(Some("2026-10"), "2026-01", "2026-11-30"), "");
    assert_eq!(
        months(Some("2026-10"), "2026-01", "2027-02-15"),
        "2026-11 2026-12 2027-01"
    );
    assert_eq!(months(None, "2026-10", "2026-12-01"), "2026-10 2026-11");
    assert_eq!(months(None, "2026-11", "2026-11-30"), "");
    // Whoever began to pay later again has no bills for the time between.
    assert_eq!(months(Some("2026-03"), "2026-09", "2026-11-01"), "2026-09 2026-10");
    assert_eq!(
        months(Some("2026-12"), "2026-01", "2026-11-01"),
        "",
        "billed ahead of a clock that stepped back"
    );
}

#[test]
fn a_bill_is_spoken_of_as_it_is_today() {
    for (today, told, notice) in [
        ("2026-11-11", None, None),
        ("2026-11-12", None, Some(Notice::DaysLeft(3))),
        ("2026-11-12", Some("2026-11-12"), None),
        // Off on the 12th and 13th: two days are left, and two are said.
        ("2026-11-13", None, Some(Notice::DaysLeft(2))),
        ("2026-11-14", Some("2026-11-12"), Some(Notice::DaysLeft(1))),
        ("2026-11-14", None, Some(Notice::DaysLeft(1))),
        ("2026-11-15", Some("2026-11-14"), None),
        ("2026-11-15", None, Some(Notice::DaysLeft(0))),
        ("2026-11-16", Some("2026-11-14"), Some(Notice::Overdue)),
        ("2026-11-30", None, Some(Notice::Overdue)),
        ("2026-11-30", Some("2026-11-16"), None),
    ] {
        let due = notice_due(day("2026-11-15"), day(today), told.map(day), &[3, 1]);
        assert_eq!(due, notice, "{today} {told:?}");
    }
    assert_eq!(notice_due(day("2026-11-15"), day("2026-11-14"), None, &[]), None);
}

#[test]
fn a_repayment_is_asked_for_on_its_day_or_after_and_once() {
    for (today, asked, due) in [
        ("2026-11-01", None, None),
        ("2026-11-07", None, None),
        ("2026-11-08", None, Some("2026-11-08")),
        ("2026-11-08", Some("2026-11-08"), None),
        ("2026-11-10", Some("2026-11-08"), None),
        ("2026-11-10", None, Some("2026-11-08")),
        ("2026-11-30", Some("2026-11-08"), Some("2026-11-29")),
        ("2026-11-30", Some("2026-11-30"), None),
        ("2026-10-01", None, None),
    ] {
        let day_due = repayment_due(day("2026-11-01"), 7, asked.map(day), day(today));
        assert_eq!(day_due, due.map(day), "{today} {asked:?}");
    }
    assert_eq!(repayment_due(day("2026-11-01"), 0, None, day("2026-11-08")), None);
}

proptest! {
    #[test]
    fn whatever_the_clock_does_no_day_and_no_month_comes_twice(
        steps in prop::collection::vec((-40 * DAY_MS..60 * DAY_MS, any::<bool>(), 0..6_usize, any::<bool>()), 1..60),
    ) {
        let zones = [nairobi(), Zone::named("Europe/London").unwrap()];
        let mut wall = local("2026-01-15", 12, 0);
        let mut done = [None; Job::ALL.len()];
        let (mut runs, mut billed, mut bills) = (Vec::new(), None, Vec::new());
        for (step, trusted, job, zone) in steps {
            wall = wall.plus_ms(step);
            let moment = at(wall, if trusted { Trust::Ntp } else { Trust::None });
            if let Some(today) = run_due(Job::ALL[job], done[job], &moment, &zones[usize::from(zone)]) {
                prop_assert!(trusted && done[job].is_none_or(|done| done < today));
                done[job] = Some(today);
                runs.push((job, today));
                if Job::ALL[job] == Job::Bills {
                    for month in months_due(billed, "2025-11".parse().unwrap(), today) {
                        prop_assert!(month.end() <= today);
                        billed = Some(month);
                        bills.push(month);
                    }
                }
            }
        }
        let count = runs.len();
        runs.sort_unstable();
        runs.dedup();
        prop_assert_eq!(runs.len(), count);
        // Each month follows the one before: none is missed, none comes twice.
        prop_assert!(bills.windows(2).all(|pair| pair[0].next() == pair[1]));
        prop_assert!(bills.first().is_none_or(|first| first.to_string() == "2025-11"));
    }
}
