-- One text to many people. Who gets it is written down when it begins, so that nobody who joins later gets it, nobody gets
-- it twice, and what is left waits here and not in the outbox, where texts grow too old.
CREATE TABLE broadcast (
    id                INTEGER PRIMARY KEY,
    audience          TEXT NOT NULL,              -- customers or managers
    site              TEXT REFERENCES site (name), -- NULL: of all sites
    time_zone         TEXT NOT NULL,              -- in whose hours texts leave
    content           BLOB NOT NULL,              -- a hash of audience and texts, to know one that is begun twice
    people            INTEGER NOT NULL,           -- who get it, as it began
    parts             INTEGER NOT NULL,
    cost_minor        INTEGER NOT NULL,
    currency          TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('running', 'paused', 'held', 'cancelled', 'done')),
    created_by        TEXT NOT NULL,
    created_ms        INTEGER NOT NULL,
    since_ms          INTEGER NOT NULL,           -- when it last began or was resumed
    ended_ms          INTEGER
) STRICT;
CREATE INDEX broadcast_running ON broadcast (id) WHERE state = 'running';
CREATE INDEX broadcast_by_time ON broadcast (created_ms);

-- Its words, the first given first.
CREATE TABLE broadcast_text (
    broadcast         INTEGER NOT NULL REFERENCES broadcast (id),
    place             INTEGER NOT NULL,
    language          TEXT NOT NULL,
    text              TEXT NOT NULL,
    PRIMARY KEY (broadcast, place)
) STRICT;

-- Everybody of its audience. Who waits has neither `outbox` nor `left_out`.
CREATE TABLE broadcast_person (
    broadcast         INTEGER NOT NULL REFERENCES broadcast (id),
    place             INTEGER NOT NULL,
    customer          INTEGER,
    phone             TEXT,                       -- NULL for who was left out from the beginning
    text              INTEGER,                    -- the place of theirs
    outbox            INTEGER,                    -- their text, once it was queued
    left_out          TEXT,                       -- why they get none
    PRIMARY KEY (broadcast, place)
) STRICT;
CREATE UNIQUE INDEX broadcast_number ON broadcast_person (broadcast, phone) WHERE phone IS NOT NULL;
CREATE INDEX broadcast_waiting ON broadcast_person (broadcast, place) WHERE outbox IS NULL AND left_out IS NULL;
CREATE INDEX broadcast_by_text ON broadcast_person (outbox) WHERE outbox IS NOT NULL;

-- The broadcast that a text belongs to: all others go first.
ALTER TABLE outbox ADD COLUMN broadcast INTEGER REFERENCES broadcast (id);
CREATE INDEX outbox_broadcast ON outbox (broadcast, state)
    WHERE broadcast IS NOT NULL AND state IN ('queued', 'sending');
