-- What managers did by phone in the last minutes: an equal deed is the repeat of one whose answer was not seen.
CREATE TABLE manager_deed (
    manager           INTEGER NOT NULL REFERENCES site_manager (id),
    kind              TEXT NOT NULL CHECK (kind IN ('jerrycans', 'cash')),
    customer          INTEGER NOT NULL,
    number            INTEGER NOT NULL,       -- jerrycans, or minor units
    receipt           TEXT NOT NULL,          -- of cash
    done_ms           INTEGER NOT NULL
) STRICT;
CREATE INDEX manager_deed_by_manager ON manager_deed (manager, done_ms);

-- Somebody may have ended this manager, or moved their number, unknown to the hub: an operator says that it is they.
ALTER TABLE site_manager ADD COLUMN is_suspended INTEGER NOT NULL DEFAULT 0;
