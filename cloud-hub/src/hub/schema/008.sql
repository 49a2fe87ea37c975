-- Money that goes out: refunds, withdrawals, and money of nobody that goes back to its payer. Field by field as
-- `kiosk::payout::Payout` has it, beside whose money it is. Nothing is sent a second time, so a row is never deleted.
CREATE TABLE payout (
    number            INTEGER PRIMARY KEY,    -- in the order of asking: where lists go on
    id                INTEGER NOT NULL UNIQUE,
    kind              TEXT NOT NULL CHECK (kind IN ('refund', 'withdrawal', 'return')),
    source            TEXT NOT NULL CHECK (source IN ('wallet', 'water', 'suspense')),
    customer          INTEGER REFERENCES customer (id),    -- NULL: nobody we know
    purchase          INTEGER REFERENCES purchase (id),    -- what is refunded
    provider          TEXT,                   -- NULL: into the wallet, so nobody is called
    way               TEXT NOT NULL CHECK (way IN ('transfer', 'reversal', 'hand', 'wallet')),
    original          TEXT,                   -- the receipt that is reversed
    amount_minor      INTEGER NOT NULL,
    currency          TEXT NOT NULL,
    to_wallet_minor   INTEGER NOT NULL,       -- the part of a whole unit that nobody pays out
    taken_back_ml     INTEGER NOT NULL,       -- the water that the customer no longer has
    moves             INTEGER NOT NULL,       -- how often that water was taken or given back
    payee             INTEGER NOT NULL,       -- 0: the payer of the original, whose phone is not known
    key               TEXT NOT NULL,
    token             TEXT NOT NULL UNIQUE,   -- the last part of the address that its result comes to
    question          TEXT NOT NULL UNIQUE,   -- the same of the answers to our questions about it
    state             TEXT NOT NULL,
    failure           TEXT,
    reference         TEXT,
    receipt           TEXT,
    reserved          INTEGER NOT NULL,
    claimed           INTEGER NOT NULL,
    mismatched        INTEGER NOT NULL,
    since_ms          INTEGER NOT NULL,
    retries           INTEGER NOT NULL,
    due_ms            INTEGER,
    why               TEXT,                   -- why money that goes back was in suspense
    fee_minor         INTEGER NOT NULL,       -- what the provider keeps for it, where it says so
    reason            TEXT NOT NULL,
    asked_by          TEXT NOT NULL,
    created_ms        INTEGER NOT NULL,
    ended_ms          INTEGER
) STRICT;
CREATE UNIQUE INDEX payout_key ON payout (provider, key) WHERE provider IS NOT NULL;
CREATE INDEX payout_by_purchase ON payout (purchase) WHERE purchase IS NOT NULL;
CREATE INDEX payout_by_customer ON payout (customer, number);
CREATE INDEX payout_by_state ON payout (state, number);
CREATE INDEX payout_with_operator ON payout (number)
    WHERE state = 'needs_operator' OR (retries > 3 AND (claimed = 1 OR state IN ('pending', 'unknown')));
CREATE INDEX payout_due ON payout (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX payout_receipt ON payout (provider, receipt) WHERE receipt IS NOT NULL;
