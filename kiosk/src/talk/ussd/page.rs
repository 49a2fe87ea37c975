//! Laying out a screen: what fits, and what waits on the next page.

use super::{
    SCREEN_UNITS_MAX, Shown,
    say::{Say, cut_to_units},
    words::Word,
};
use crate::talk::{Language, Talk, gsm7};

/// Units of a screen without the line that tells of a wrong input. The gateways' own prefix leaves no more than this
/// safely (reference: Africa's Talking, section 1).
pub(super) const BODY_UNITS_MAX: usize = 160;
/// Rows that can be chosen on one page: `9` is for more, `0` for back.
const CHOICES_MAX: usize = 8;

/// What a screen says.
#[derive(Debug)]
pub(super) struct Sheet {
    pub head: Say,
    pub rows: Vec<Row>,
    pub foot: Option<Word>,
}

/// A line of a list.
#[derive(Debug)]
pub(super) struct Row {
    pub say: Say,
    /// What choosing it means; `None` when it is only read.
    pub shown: Option<Shown>,
}

impl Sheet {
    pub fn new(head: impl Into<Say>, foot: Word) -> Sheet {
        Sheet {
            head: head.into(),
            rows: Vec::new(),
            foot: Some(foot),
        }
    }

    /// A screen that says itself what `0` does.
    pub fn whole(head: impl Into<Say>) -> Sheet {
        Sheet {
            head: head.into(),
            rows: Vec::new(),
            foot: None,
        }
    }
}

/// A screen as it is sent, and what its list showed.
pub(super) struct Page {
    pub screen: String,
    pub shown: Vec<Shown>,
    /// The first row of the page after it.
    pub next: Option<usize>,
}

/// Lays out a screen whose first row is `first`. `note` is the short line about a wrong input.
pub(super) fn lay(talk: &Talk, language: Language, note: Option<&Say>, sheet: &Sheet, first: usize) -> Page {
    let text = |say: &Say| say.text(talk, language);
    let mut body = text(&sheet.head);
    let mut end = sheet.foot.map(|foot| text(&foot.into())).unwrap_or_default();
    let more = text(&Word::More.into());
    let mut shown = Vec::new();
    let mut next = None;
    for (place, row) in sheet.rows.iter().enumerate().skip(first) {
        let mut line = text(&row.say);
        if row.shown.is_some() {
            line = format!("{}. {line}", shown.len() + 1);
        }
        let is_last = place + 1 == sheet.rows.len();
        let after = if is_last { 0 } else { gsm7::units(&more) + 1 };
        let room = BODY_UNITS_MAX.saturating_sub(gsm7::units(&body) + gsm7::units(&end) + after + 2);
        let is_full = shown.len() == CHOICES_MAX || gsm7::units(&line) > room;
        if is_full && place > first {
            next = Some(place);
            break;
        }
        body = format!("{body}\n{}", cut_to_units(&line, room));
        shown.extend(row.shown.clone());
    }
    if next.is_some() {
        end = format!("{more}\n{end}");
    }
    if !end.is_empty() {
        body = format!("{body}\n{end}");
    }
    if let Some(note) = note {
        body = format!("{}\n{body}", text(note));
    }
    debug_assert!(gsm7::units(&body) <= SCREEN_UNITS_MAX, "{body}");
    Page {
        // Nothing above makes it longer, as the tests show; but a network would refuse a longer screen altogether.
        screen: cut_to_units(&body, SCREEN_UNITS_MAX),
        shown,
        next,
    }
}
