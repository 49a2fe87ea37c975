-- What a site knows. Ids are random 64-bit numbers kept as signed integers; volumes are millilitres, times are
-- milliseconds since 1970 unless a column's name says otherwise. The logs themselves are store::journal's tables.

-- Small values of this box: the run, counters, doubt, the clock's floor.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

-- A customer as this site sees one: what the hub alone may say, the profile from the document, and PIN tries.
CREATE TABLE customer (
  id INTEGER PRIMARY KEY,
  account INTEGER,
  generation INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 0,
  active INTEGER NOT NULL DEFAULT 0,
  bill_overdue INTEGER NOT NULL DEFAULT 0,
  daily_limit_ml INTEGER,
  pin BLOB,
  merged_into INTEGER,
  admitted INTEGER NOT NULL DEFAULT 0,
  phone TEXT,
  name TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  subscription_code TEXT,
  subscription_until INTEGER,
  pin_tries BLOB
) STRICT;
CREATE INDEX customer_by_phone ON customer (phone) WHERE phone IS NOT NULL;
CREATE INDEX customer_by_account ON customer (account) WHERE account IS NOT NULL;
CREATE INDEX customer_by_code ON customer (subscription_code) WHERE subscription_code IS NOT NULL;
CREATE INDEX customer_by_merge ON customer (merged_into) WHERE merged_into IS NOT NULL;

-- A right to draw here (PROTOCOL rule 20). `held_ml` is set aside by open holds. `state`: 0 open, 1 recalled, 2 closed.
-- `place` orders them by arrival: the oldest is spent first.
-- A spend may be folded before its grant is known (a box given back its past), so volume and customer may be null.
-- `granted_to` is whose it was when it was given, `customer` whose it is after mergers.
CREATE TABLE grants (
  epoch INTEGER NOT NULL,
  number INTEGER NOT NULL,
  customer INTEGER,
  granted_to INTEGER,
  purse INTEGER,
  volume_ml INTEGER,
  valid_until INTEGER,
  spent_ml INTEGER NOT NULL DEFAULT 0,
  held_ml INTEGER NOT NULL DEFAULT 0,
  state INTEGER NOT NULL DEFAULT 0,
  place INTEGER NOT NULL,
  PRIMARY KEY (epoch, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_customer ON grants (customer, place) WHERE state = 0;
CREATE INDEX grants_by_place ON grants (place);
CREATE INDEX grants_recalled ON grants (epoch, number) WHERE state = 1;

-- Water set aside before a valve opens (PROTOCOL rules 22-23). `held` are the parts set aside, the first to be spent
-- first: (grant epoch, grant number, volume) in 24 bytes each. `rule` and `report` are the charges seen on it: what
-- went over the hold in 8 bytes, then parts. A hold known only from a record given back has no request.
CREATE TABLE hold (
  epoch INTEGER NOT NULL,
  number INTEGER NOT NULL,
  dispenser TEXT NOT NULL,
  request TEXT,
  customer INTEGER,
  held BLOB NOT NULL,
  rule BLOB,
  report BLOB,
  day INTEGER NOT NULL DEFAULT 0,
  open INTEGER NOT NULL,
  due_monotonic_ms INTEGER NOT NULL,
  PRIMARY KEY (epoch, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_open ON hold (due_monotonic_ms) WHERE open = 1;

-- What a dispenser asked and what it was told, kept 30 days of uptime so that a retry gets the same bytes: no
-- clock that jumps makes a request old. Rows are in the order
-- of their arrival; dispensers number their requests by time, so that neighbours in the index are neighbours in time.
CREATE TABLE request (
  id INTEGER PRIMARY KEY,
  dispenser TEXT NOT NULL,
  request TEXT NOT NULL,
  content BLOB NOT NULL,
  answer BLOB,
  hold_epoch INTEGER,
  hold_number INTEGER,
  receipt BLOB,
  uptime_ms INTEGER NOT NULL,
  UNIQUE (request, dispenser)
) STRICT;

-- Records of kinds that this version does not know; folded after the upgrade (PROTOCOL rule 8).
CREATE TABLE unknown (
  by INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (by, lane, epoch, seq)
) STRICT, WITHOUT ROWID;

-- A dispenser of this site. `secret` is SHA-256 of its password; `config_revision` counts what it was sent.
-- `pulses_total` is its meter at its last heartbeat, `since_ml` what was booked here after that: a meter that is far
-- ahead of both is the sign of a database rolled back in place (PROTOCOL rule 14).
CREATE TABLE dispenser (
  id TEXT PRIMARY KEY,
  secret BLOB NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  volume_max_ml INTEGER NOT NULL,
  pulses_per_litre INTEGER NOT NULL,
  language TEXT NOT NULL,
  config_revision INTEGER NOT NULL DEFAULT 1,
  pulses_total INTEGER,
  since_ml INTEGER NOT NULL DEFAULT 0,
  wrong_pins BLOB
) STRICT;

-- What happened, one row a record, as the API, the page and the CSV show it. `day` is the day of sales of its hold. `kind`: dispense, correction, loss, asked.
CREATE TABLE sale (
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  time INTEGER NOT NULL,
  clock_trusted INTEGER NOT NULL,
  day INTEGER NOT NULL,
  kind TEXT NOT NULL,
  request TEXT,
  customer INTEGER,
  dispenser TEXT NOT NULL,
  volume_ml INTEGER NOT NULL,
  over_ml INTEGER NOT NULL DEFAULT 0,
  outcome TEXT,
  receipt TEXT NOT NULL,
  PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_by_time ON sale (time);
CREATE INDEX sale_by_customer ON sale (customer, day) WHERE customer IS NOT NULL;

-- What was asked of the hub from here and what became of it (FEATURES C8-C12).
CREATE TABLE asked (
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  customer INTEGER NOT NULL,
  detail TEXT NOT NULL,
  time INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;

-- Documents, saved whole, named customer:ID or site:NAME; an erased one has no bytes. Changes that wait for what they
-- depend on, and where each change stands in the logs, so that erasing can blank it there.
CREATE TABLE document (
  id TEXT PRIMARY KEY,
  bytes BLOB
) STRICT;
CREATE TABLE document_change (
  id TEXT NOT NULL,
  box INTEGER NOT NULL,
  by INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (id, box, by, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE document_waiting (
  id TEXT NOT NULL,
  change BLOB NOT NULL,
  PRIMARY KEY (id, change)
) STRICT, WITHOUT ROWID;

-- Who changed what by hand. A later step seals and chains it.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
