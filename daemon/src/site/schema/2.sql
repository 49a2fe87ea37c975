-- Who may use the page and the API, and what a caller was answered. Times here are uptime over all runs, in
-- milliseconds: a clock that is set forth or back ends no session and opens no lock-out.

-- A person with a password. `hash` is a PHC string of argon2id.
CREATE TABLE manager (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  hash TEXT NOT NULL,
  must_change INTEGER NOT NULL
) STRICT;

-- Tries to log in, each counted before its password is checked; those of a name are gone once it got in.
CREATE TABLE login_try (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  uptime_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX login_try_by_name ON login_try (name, uptime_ms);

-- Open pages. `id` is SHA-256 of what the cookie holds.
CREATE TABLE session (
  id BLOB PRIMARY KEY,
  name TEXT NOT NULL,
  began_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_name ON session (name, began_ms);

-- Programs that use the API. `hash` is SHA-256 of the token.
CREATE TABLE token (
  name TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  role TEXT NOT NULL
) STRICT;

-- First answers to changes that came with a key of their own, kept 24 hours. `content` is a keyed hash.
CREATE TABLE answered (
  who TEXT NOT NULL,
  key TEXT NOT NULL,
  content BLOB NOT NULL,
  status INTEGER NOT NULL,
  body BLOB NOT NULL,
  uptime_ms INTEGER NOT NULL,
  PRIMARY KEY (who, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answered_by_time ON answered (uptime_ms);
