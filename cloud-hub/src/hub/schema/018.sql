-- The site whose own SIM a text came to, and that could not answer it; NULL: the hub's own number.
ALTER TABLE inbox ADD COLUMN site TEXT;

-- A text that a site is to send through its own SIM: its name there, the box that was told, and whether the box has
-- answered. A text of the messaging provider has none of them.
ALTER TABLE outbox ADD COLUMN say INTEGER;
ALTER TABLE outbox ADD COLUMN say_box INTEGER;
ALTER TABLE outbox ADD COLUMN is_said INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_say ON outbox (say) WHERE say IS NOT NULL;
