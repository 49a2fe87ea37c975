-- Money that a provider says has come without a prompt of ours, once per receipt. What is only claimed moves nothing; what
-- is proven is booked once, and its place says where. The payer stands as the provider showed it, masked; no name is kept.
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
    proven            INTEGER NOT NULL,       -- 0: only claimed
    place             TEXT NOT NULL CHECK (place IN ('waits', 'foreign', 'purchase', 'wallet', 'suspense', 'returned')),
    why               TEXT,                   -- why it is in suspense
    purchase          INTEGER,                -- whose money it is
    customer          INTEGER,                -- in whose wallet it is
    counts_at         TEXT,                   -- the site in whose report it counts as money that came, '' for none: once
                                              -- booked it never changes; NULL: it is not booked, or by its purchase
    UNIQUE (provider, receipt)
) STRICT;
CREATE INDEX money_seen_by_place ON money_seen (place, id);
CREATE INDEX money_seen_by_time ON money_seen (provider, paid_ms);
CREATE INDEX money_seen_to_place ON money_seen (id) WHERE place = 'waits' AND proven = 1;
CREATE INDEX money_seen_claimed ON money_seen (provider, seen_ms) WHERE place = 'waits' AND proven = 0;
-- A receipt that only a callback has told may be made up, and be another purchase's.
ALTER TABLE purchase ADD COLUMN receipt_proven INTEGER NOT NULL DEFAULT 0;
DROP INDEX purchase_receipt;
CREATE UNIQUE INDEX purchase_receipt ON purchase (provider, receipt) WHERE receipt_proven = 1;
CREATE INDEX purchase_told ON purchase (provider, receipt) WHERE receipt IS NOT NULL;
-- The purchases whose money a line may be: those without a proven receipt that were made near its time, and the few that
-- took longer than a day.
CREATE INDEX purchase_to_match ON purchase (provider, amount_minor, created_ms) WHERE receipt_proven = 0;
CREATE INDEX purchase_lasting ON purchase (provider, amount_minor)
    WHERE receipt_proven = 0 AND max(coalesce(settled_ms, 0), since_ms) - created_ms > 86400000;
CREATE INDEX purchase_with_operator ON purchase (created_ms, id) WHERE state = 'needs_operator';
CREATE INDEX subscription_by_code ON subscription (code) WHERE state = 'valid';
CREATE INDEX draw_by_customer ON draw (customer);

-- How far each provider has been asked for the payments it took.
CREATE TABLE pull (
    provider          TEXT PRIMARY KEY,
    asked_ms          INTEGER NOT NULL,       -- when it was last asked
    done_ms           INTEGER,                -- all until then has been told; NULL: never
    due_ms            INTEGER NOT NULL        -- when it is asked next
) STRICT;
