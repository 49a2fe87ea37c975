-- Cash that managers of sites take. A manager is who logs in at a site under this account.
CREATE TABLE manager (
    id                INTEGER PRIMARY KEY,
    site              TEXT NOT NULL REFERENCES site (name),
    login             TEXT NOT NULL,
    limit_minor       INTEGER NOT NULL,       -- cash not handed in and open floats together come to this at most
    created_ms        INTEGER NOT NULL,
    UNIQUE (site, login)
) STRICT;

-- Other ids of a manager: the hub was restored, the manager was added anew, and then floats under the old id came back.
CREATE TABLE manager_alias (
    id                INTEGER PRIMARY KEY,
    manager           INTEGER NOT NULL REFERENCES manager (id)
) STRICT;

-- A float: a grant to a manager. Whether it was recalled, closed or written off, and which box has it, stands in the row
-- of `grants` with the same epoch and number, which has neither customer nor volume.
CREATE TABLE cash_float (
    epoch             INTEGER NOT NULL,
    number            INTEGER NOT NULL,
    manager           INTEGER NOT NULL REFERENCES manager (id),
    amount_minor      INTEGER NOT NULL,
    price_per_m3_minor INTEGER NOT NULL,
    spent_minor       INTEGER NOT NULL,       -- by sales that are booked
    granted_ms        INTEGER NOT NULL,
    PRIMARY KEY (epoch, number)
) STRICT;
CREATE INDEX cash_float_by_manager ON cash_float (manager, granted_ms);

-- Cash sales as sites wrote them, once per record. `parts` is, for each float, its epoch and number and the minor units,
-- eight bytes each, the largest byte first.
CREATE TABLE cash_sale (
    id                INTEGER PRIMARY KEY,
    box               INTEGER NOT NULL,
    epoch             INTEGER NOT NULL,
    seq               INTEGER NOT NULL,
    manager           INTEGER,                -- whose books it is in
    customer          INTEGER NOT NULL,       -- as the record says
    volume_ml         INTEGER NOT NULL,
    amount_minor      INTEGER NOT NULL,
    parts             BLOB NOT NULL,
    time_ms           INTEGER NOT NULL,
    clock_trusted     INTEGER NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('booked', 'suspense', 'refused')),
    why               TEXT,                   -- why it is in suspense
    UNIQUE (box, epoch, seq)
) STRICT;
CREATE INDEX cash_sale_by_state ON cash_sale (state, id);
CREATE INDEX cash_sale_by_manager ON cash_sale (manager, id);

-- Cash that was handed in and counted, once per record that says so.
CREATE TABLE hand_in (
    id                INTEGER PRIMARY KEY,
    box               INTEGER NOT NULL,
    epoch             INTEGER NOT NULL,
    seq               INTEGER NOT NULL,
    manager           INTEGER NOT NULL REFERENCES manager (id),
    owed_minor        INTEGER NOT NULL,
    here_minor        INTEGER NOT NULL,       -- what of it was taken at that box
    counted_minor     INTEGER NOT NULL,
    time_ms           INTEGER NOT NULL,
    UNIQUE (box, epoch, seq)
) STRICT;
CREATE INDEX hand_in_by_manager ON hand_in (manager, id);

-- Records of cash that somebody handed in whom the hub, being restored, does not know yet.
CREATE TABLE hand_in_waiting (
    box               INTEGER NOT NULL,
    epoch             INTEGER NOT NULL,
    seq               INTEGER NOT NULL,
    manager           INTEGER NOT NULL,
    PRIMARY KEY (box, epoch, seq)
) STRICT;
CREATE INDEX hand_in_waiting_by_manager ON hand_in_waiting (manager);
