//! What the routes of broadcasts are for, and what is asked for.

use super::Line;

/// One line for each, as in [`super::lines::LINES`].
pub(super) const LINES: &[Line] = &[
    (
        "POST",
        "/api/v1/broadcasts/preview",
        "What a text to many people would be: people, alphabet and parts of each text, the cost, who is left out and why, and \
         the hours in which texts leave. audience is customers or managers; site is theirs, or all_sites is true. Whoever speaks none of the \
         languages that are given gets the first of them: English, Swahili, French.",
        "audience site|all_sites text_en|text_sw|text_fr",
    ),
    (
        "POST",
        "/api/v1/broadcasts",
        "Begins it; needs an Idempotency-Key. cost_minor_max is what the preview said: 409 cost_changed when it would cost more. \
         409 equal_broadcast: the same was begun within the last hour.",
        "audience site|all_sites text_en|text_sw|text_fr cost_minor_max?",
    ),
    (
        "GET",
        "/api/v1/broadcasts",
        "Broadcasts, the newest first.",
        "?limit ?after",
    ),
    (
        "GET",
        "/api/v1/broadcasts/{id}",
        "One broadcast, with how far it has come.",
        "",
    ),
    (
        "POST",
        "/api/v1/broadcasts/{id}/pause",
        "No text of it leaves for now.",
        "",
    ),
    (
        "POST",
        "/api/v1/broadcasts/{id}/resume",
        "Its texts leave again. One that is held since the hub was restored needs may_repeat, for the hub may have forgotten \
         whom it told: 409 may_repeat without it.",
        "may_repeat?",
    ),
    (
        "POST",
        "/api/v1/broadcasts/{id}/cancel",
        "No more texts of it leave.",
        "",
    ),
];
