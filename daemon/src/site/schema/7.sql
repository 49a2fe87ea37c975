-- Cash that managers take (DESIGN section 4). A float is a grant to a manager: how far it has come (open, asked back,
-- closed) stands in the row of `grants` with the same epoch and number, which has neither customer nor volume. A sale may
-- be folded before its float is known (a box given back its past), so all that the hub says may be null.
CREATE TABLE cash_float (
  epoch INTEGER NOT NULL,
  number INTEGER NOT NULL,
  manager INTEGER,
  login TEXT,
  amount_minor INTEGER,
  price_per_m3_minor INTEGER,
  spent_minor INTEGER NOT NULL DEFAULT 0,
  place INTEGER NOT NULL,
  PRIMARY KEY (epoch, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX cash_float_by_login ON cash_float (login, place);

-- What managers have handed in of the cash that was taken here, one row a record of the hub.
CREATE TABLE handed_in (
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  manager INTEGER NOT NULL,
  here_minor INTEGER NOT NULL,
  PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;

-- A sale for cash is a row of `sale` of the kind `cash`: no dispenser, the litres it gave, and what was paid.
ALTER TABLE sale ADD COLUMN amount_minor INTEGER;
