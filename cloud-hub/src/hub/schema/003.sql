-- The audit is chained under a key, and its head lies sealed apart from it: a row that was changed, taken out, swapped
-- or cut off at the end is found. What was written before is kept as it is, unsealed.
ALTER TABLE audit RENAME TO audit_unsealed;
CREATE TABLE audit (
    id                INTEGER PRIMARY KEY,    -- 1, 2, 3 … without a gap
    time_ms           INTEGER NOT NULL,
    actor             TEXT NOT NULL,
    action            TEXT NOT NULL,
    subject           TEXT NOT NULL,
    detail            TEXT NOT NULL,
    chain             BLOB NOT NULL           -- keyed, over the chain of the row before and the fields
) STRICT;
ALTER TABLE hub ADD COLUMN audit_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hub ADD COLUMN audit_chain BLOB NOT NULL DEFAULT x'';
ALTER TABLE hub ADD COLUMN audit_head BLOB NOT NULL DEFAULT x'';    -- keyed, over the two above

-- When wrong PINs were typed at a kiosk without a gateway, the newest 30: eight bytes each, milliseconds since 1970.
CREATE TABLE kiosk_wrong_pins (
    site              TEXT PRIMARY KEY,
    times             BLOB NOT NULL
) STRICT;
