-- A request that comes again with nothing but another PIN, or another secret, is a guess: it is counted, and after five
-- the request is used up. `but_pin` and `but_secret` are the hashes of all the rest; empty for rows from before this step.
ALTER TABLE draw ADD COLUMN but_pin BLOB NOT NULL DEFAULT x'';
ALTER TABLE draw ADD COLUMN guesses INTEGER NOT NULL DEFAULT 0;
CREATE INDEX draw_unnamed ON draw (site, but_pin, created_ms) WHERE made_request = 1;
ALTER TABLE idempotency ADD COLUMN but_secret BLOB NOT NULL DEFAULT x'';
ALTER TABLE idempotency ADD COLUMN guesses INTEGER NOT NULL DEFAULT 0;

-- Browsers that have logged in before: each has wrong passwords of its own, which no stranger can use up. Those in `user`
-- are of strangers.
CREATE TABLE device (
    id                BLOB NOT NULL,          -- SHA-256 of its cookie
    user              TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
    used_ms           INTEGER NOT NULL,
    wrong             INTEGER NOT NULL DEFAULT 0,
    wrong_since_ms    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (id, user)
) STRICT;
CREATE INDEX device_by_user ON device (user, used_ms);
