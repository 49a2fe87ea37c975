-- The site whose own SIM a text came to, and that could not answer it; NULL: the hub's own number.
ALTER TABLE inbox ADD COLUMN site TEXT;

-- A text that a site is to send through its own SIM: its name there, the box that was told, and whether the box has
-- answered. A text of the messaging provider has none of them.
ALTER TABLE outbox ADD COLUMN say INTEGER;
ALTER TABLE outbox ADD COLUMN say_box INTEGER;
ALTER TABLE outbox ADD COLUMN is_said INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_say ON outbox (say) WHERE say IS NOT NULL;

-- Boxes that have synced by texts: the number they are answered at, since when they do so without a socket (NULL: they
-- have had one since), the newest text that was theirs, and what texts to them cost on a day.
CREATE TABLE thin_box (
    box               INTEGER PRIMARY KEY,
    phone             TEXT,
    since_ms          INTEGER,
    heard_ms          INTEGER NOT NULL,
    day               TEXT NOT NULL,
    sent              INTEGER NOT NULL
) STRICT;
CREATE INDEX thin_box_speaking ON thin_box (box) WHERE since_ms IS NOT NULL;

-- The box that a text is a frame for: nobody's text, and not sent again by the outbox, for the sync repeats itself.
ALTER TABLE outbox ADD COLUMN sync_box INTEGER;
CREATE INDEX outbox_sync ON outbox (sync_box) WHERE sync_box IS NOT NULL;

-- Texts that looked like a frame and were of no box, and when that was last written down.
ALTER TABLE hub ADD COLUMN thin_refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hub ADD COLUMN thin_refused_ms INTEGER NOT NULL DEFAULT 0;
