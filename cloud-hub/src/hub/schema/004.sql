-- Money that a provider says has come without a prompt of ours, once per receipt. A claim until it is confirmed: nothing
-- is credited from this table alone. The payer stands as the provider showed it, which is masked; no name is kept.
CREATE TABLE money_seen (
    id                INTEGER PRIMARY KEY,
    provider          TEXT NOT NULL,
    receipt           TEXT NOT NULL,
    amount_minor      INTEGER NOT NULL,
    currency          TEXT NOT NULL,
    payer             TEXT,
    reference         TEXT,                   -- what the payer typed as the account; NULL at a till
    short_code        TEXT NOT NULL,
    paid_ms           INTEGER NOT NULL,       -- as the provider says
    source            TEXT NOT NULL CHECK (source IN ('confirmation', 'statement', 'pull')),
    seen_ms           INTEGER NOT NULL,       -- when it was written here
    UNIQUE (provider, receipt)
) STRICT;
