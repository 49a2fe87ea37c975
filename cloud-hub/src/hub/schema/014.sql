-- Loans between people, in wallet money. Who was asked is a customer, or a number that is not registered yet.
CREATE TABLE loan (
    number            INTEGER PRIMARY KEY,    -- in the order of asking: where lists go on
    id                INTEGER NOT NULL UNIQUE,
    borrower          INTEGER NOT NULL,
    lender            INTEGER,
    invited           TEXT,
    amount_minor      INTEGER NOT NULL,
    repayment_minor   INTEGER NOT NULL,       -- paid back each period
    currency          TEXT NOT NULL,
    every_days        INTEGER NOT NULL,       -- days of a period
    state             TEXT NOT NULL CHECK (state IN ('invited', 'asked', 'repaying', 'repaid', 'refused', 'expired', 'cancelled')),
    asked_ms          INTEGER,                -- the lender's time counts from here; NULL until the clock is trusted
    given             TEXT,                   -- the borrower's local day: periods count from here
    reminded          TEXT,                   -- the last local day on which the borrower was reminded
    looked            TEXT,                   -- the last local day on which the day's work looked at it
    box               INTEGER,                -- the record of a site that asked for it
    epoch             INTEGER,
    seq               INTEGER,
    asked_by          TEXT NOT NULL,
    created_ms        INTEGER NOT NULL,
    ended_ms          INTEGER,
    CHECK ((lender IS NULL) <> (invited IS NULL))
) STRICT;
CREATE INDEX loan_by_borrower ON loan (borrower, number);
CREATE INDEX loan_by_lender ON loan (lender, number) WHERE lender IS NOT NULL;
CREATE INDEX loan_by_invited ON loan (invited) WHERE invited IS NOT NULL;
CREATE INDEX loan_open ON loan (number) WHERE state IN ('invited', 'asked', 'repaying');
CREATE UNIQUE INDEX loan_by_request ON loan (box, epoch, seq) WHERE box IS NOT NULL;

-- What was paid back, once per wish and per deposit; of a deposit of which nothing was due, nothing.
CREATE TABLE loan_repayment (
    number            INTEGER PRIMARY KEY,
    loan              INTEGER NOT NULL REFERENCES loan (id),
    cause             TEXT NOT NULL CHECK (cause IN ('hand', 'deposit')),
    cause_id          INTEGER NOT NULL,
    amount_minor      INTEGER NOT NULL,
    time_ms           INTEGER NOT NULL,
    UNIQUE (loan, cause, cause_id)
) STRICT;

-- What a site asked for begins by itself only if it came when nothing of the past was missing; what was kept before this
-- step waits for a person.
ALTER TABLE loan_request ADD COLUMN held INTEGER NOT NULL DEFAULT 1;
CREATE INDEX loan_request_by_borrower ON loan_request (borrower);

-- A loan is given once.
CREATE UNIQUE INDEX entry_loan_given_once ON entry (event) WHERE event IS NOT NULL AND what = 'loan given';

-- One-time codes, sealed: to which number each was sent, and for which loan; without one, for a forgotten PIN.
CREATE TABLE one_time_code (
    id                INTEGER PRIMARY KEY,
    phone             TEXT NOT NULL,
    loan              INTEGER REFERENCES loan (id),
    sealed            BLOB NOT NULL,
    since_ms          INTEGER NOT NULL,
    wrong             INTEGER NOT NULL,
    used              INTEGER NOT NULL
) STRICT;
CREATE INDEX one_time_code_by_phone ON one_time_code (phone, id);

-- A text with a code in it: what is sent stands here, sealed, and `text` has stars in the code's place.
ALTER TABLE outbox ADD COLUMN sealed BLOB;

-- Commands by SMS: how many a number sent on its newest day.
CREATE TABLE sms_count (
    phone             TEXT PRIMARY KEY,
    day               TEXT NOT NULL,
    count             INTEGER NOT NULL
) STRICT;

-- Problems that people reported.
CREATE TABLE ticket (
    number            INTEGER PRIMARY KEY AUTOINCREMENT,
    phone             TEXT NOT NULL,          -- whoever wrote
    customer          INTEGER,                -- whom it concerns
    text              TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('open', 'solved')),
    created_ms        INTEGER NOT NULL,
    solved_ms         INTEGER
) STRICT;
CREATE INDEX ticket_open ON ticket (number) WHERE state = 'open';
CREATE INDEX ticket_by_phone ON ticket (phone, created_ms);

-- Anybody may ask whether a receipt is one of ours.
CREATE INDEX history_by_receipt ON history (receipt) WHERE receipt IS NOT NULL;
