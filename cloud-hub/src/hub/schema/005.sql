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
    UNIQUE (provider, receipt)
) STRICT;
CREATE INDEX money_seen_by_place ON money_seen (place, id);
CREATE INDEX money_seen_by_time ON money_seen (provider, paid_ms);
-- The purchases whose money a line may be.
CREATE INDEX purchase_by_sent ON purchase (provider, amount_minor, since_ms);
CREATE INDEX purchase_by_settled ON purchase (provider, amount_minor, settled_ms) WHERE settled_ms IS NOT NULL;

-- How far each provider has been asked for the payments it took.
CREATE TABLE pull (
    provider          TEXT PRIMARY KEY,
    asked_ms          INTEGER NOT NULL,       -- when it was last asked
    done_ms           INTEGER,                -- all until then has been told; NULL: never
    due_ms            INTEGER NOT NULL        -- when it is asked next
) STRICT;
