-- Texts that a provider carries: it names each one it took, tells later what became of it, and people say that they want
-- no more of them. A table's CHECK cannot be changed, so the outbox is written anew with `delivered` in it.
CREATE TABLE outbox_anew (
    id                INTEGER PRIMARY KEY,
    customer          INTEGER,
    phone             TEXT NOT NULL,
    text              TEXT NOT NULL,
    essential         INTEGER NOT NULL,           -- 0: not sent to who asked for no more texts
    state             TEXT NOT NULL
                      CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'unknown')),
    tries             INTEGER NOT NULL,
    due_ms            INTEGER,
    created_ms        INTEGER NOT NULL,
    message_id        TEXT,                       -- the provider's
    reason            TEXT                        -- the provider's word for what went wrong last
) STRICT;
INSERT INTO outbox_anew (id, customer, phone, text, essential, state, tries, due_ms, created_ms)
    SELECT id, customer, phone, text, 1, state, tries, due_ms, created_ms FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_anew RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX outbox_sending ON outbox (phone) WHERE state = 'sending';
CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id IS NOT NULL;

-- What became of a text whose name the provider has not told yet: reports may overtake the answer to the call.
CREATE TABLE early_report (
    message_id        TEXT PRIMARY KEY,
    phone             TEXT NOT NULL,
    state             TEXT NOT NULL,
    reason            TEXT,
    time_ms           INTEGER NOT NULL
) STRICT;
CREATE INDEX early_report_age ON early_report (time_ms);

-- Who wants no more texts but those about their own money.
CREATE TABLE stopped (
    phone             TEXT PRIMARY KEY,
    since_ms          INTEGER NOT NULL
) STRICT;

-- Texts that came and were read, once per id of the provider, with stars for what may be a PIN or a code. `over` stands
-- once, without its text, for all that came beyond what a number may send in a day.
CREATE TABLE inbox (
    id                TEXT PRIMARY KEY,
    phone             TEXT NOT NULL,
    text              TEXT NOT NULL,
    received_ms       INTEGER NOT NULL,
    state             TEXT NOT NULL
) STRICT;
CREATE INDEX inbox_age ON inbox (received_ms);

-- Why no text is sent at present (the provider's word), and when one of them tries again.
ALTER TABLE hub ADD COLUMN texts_held TEXT;
ALTER TABLE hub ADD COLUMN texts_try_ms INTEGER NOT NULL DEFAULT 0;
