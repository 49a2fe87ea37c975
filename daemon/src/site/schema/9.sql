-- Which alarms were texted to whom: the same alarm leaves a number in peace for hours, and a bad day does not spend the
-- airtime. The number is kept as keyed('sim.phone', number).
CREATE TABLE alarm_text (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  code TEXT NOT NULL,
  phone_key BLOB NOT NULL,
  day INTEGER NOT NULL,
  uptime_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX alarm_text_by_code ON alarm_text (code, phone_key, uptime_ms);
CREATE INDEX alarm_text_by_day ON alarm_text (day);

-- What is left on the SIM, one row: that of the operator that was asked last. `left_minor` is in the site's currency;
-- null what was never told. `due_uptime_ms` is when it is asked again, by uptime over all runs; `failing_uptime_ms` since
-- when nothing could be read. `word` is why, in words for people. The two flags say which alarm stands.
CREATE TABLE airtime (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  operator TEXT NOT NULL,
  left_minor INTEGER,
  told_ms INTEGER,
  bundle_mb INTEGER,
  bundle_told_ms INTEGER,
  due_uptime_ms INTEGER NOT NULL,
  failing_uptime_ms INTEGER,
  word TEXT NOT NULL DEFAULT '',
  is_low_told INTEGER NOT NULL DEFAULT 0,
  is_unknown_told INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One text of a manager to everybody of this site. `state`: running, cancelled or done. `parts` is what one text has.
CREATE TABLE broadcast (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  by TEXT NOT NULL,
  body_sealed BLOB,
  parts INTEGER NOT NULL,
  state TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  ended_ms INTEGER
) STRICT;
CREATE INDEX broadcast_running ON broadcast (state) WHERE state = 'running';

-- Whom it is for, in the order in which they get it. `text` is the row of sim_outbox once it is there; `why` is why there
-- is none. The number is kept as keyed('sim.phone', number): whoever has another one since gets nothing.
CREATE TABLE broadcast_to (
  broadcast INTEGER NOT NULL,
  place INTEGER NOT NULL,
  customer INTEGER NOT NULL,
  phone_key BLOB NOT NULL,
  text INTEGER,
  why TEXT,
  PRIMARY KEY (broadcast, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX broadcast_to_wait ON broadcast_to (broadcast, place) WHERE text IS NULL AND why IS NULL;
