-- Texts by the SIM in this site's modem. Numbers and words are sealed, and numbers are found by keyed('sim.phone', number).
-- `uptime_ms` columns are uptime over all runs: a clock that jumps makes nothing old and nothing due.

-- What came. `fingerprint` is keyed('sim_inbox', sender, the network's stamp, words): the same text told again after a
-- crash is known by it. `kind` says what was done with it; what may be a PIN or a code is starred, and of what was one too
-- many no words are kept.
CREATE TABLE sim_inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fingerprint BLOB NOT NULL UNIQUE,
  from_sealed BLOB,
  body_sealed BLOB,
  kind TEXT NOT NULL,
  came_ms INTEGER NOT NULL,
  uptime_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX sim_inbox_by_uptime ON sim_inbox (uptime_ms);

-- What goes out. `purpose`: sync, answer, alarm, hub or broadcast. `asked` is the hub's own id of a text that it asked for.
-- `state`: queued, sending, sent, delivered, failed or unknown. `day` is the day of sales on which it was handed over, and
-- so whose budget it took; null before, and again when nothing of it left. `queued_ms` is the wall clock's time where that
-- was trusted. `word` is the network's last word.
CREATE TABLE sim_outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  purpose TEXT NOT NULL,
  asked INTEGER UNIQUE,
  phone_key BLOB NOT NULL,
  phone_sealed BLOB,
  body_sealed BLOB,
  parts INTEGER NOT NULL,
  validity_ms INTEGER,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  day INTEGER,
  queued_ms INTEGER,
  queued_uptime_ms INTEGER NOT NULL,
  due_uptime_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  word TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX sim_outbox_open ON sim_outbox (state, purpose, due_uptime_ms) WHERE state IN ('queued', 'sending');
CREATE INDEX sim_outbox_by_day ON sim_outbox (day, purpose, parts) WHERE day IS NOT NULL;

-- The network's references of the parts of what was sent: reports name them. `fate`: 0 on its way, 1 delivered, 2 failed.
CREATE TABLE sim_part (
  reference INTEGER NOT NULL,
  text INTEGER NOT NULL,
  place INTEGER NOT NULL,
  fate INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (reference, text, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX sim_part_of_text ON sim_part (text);

-- How many texts a number sent on its newest day (RELIABILITY section 5).
CREATE TABLE sim_count (
  phone_key BLOB PRIMARY KEY,
  day TEXT NOT NULL,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who wants nothing from this SIM that was not asked for.
CREATE TABLE sim_stopped (
  phone_key BLOB PRIMARY KEY,
  since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- CHECK asks for a receipt.
CREATE INDEX sale_by_receipt ON sale (receipt);
