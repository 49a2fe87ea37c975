-- A text to everybody is written in one language or more, and is true for a while. `place` 0 goes to whoever speaks none of
-- them; `language` is empty where nobody said.
CREATE TABLE broadcast_text (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  broadcast INTEGER NOT NULL,
  place INTEGER NOT NULL,
  language TEXT NOT NULL,
  body_sealed BLOB,
  parts INTEGER NOT NULL,
  UNIQUE (broadcast, place)
) STRICT;
INSERT INTO broadcast_text (id, broadcast, place, language, body_sealed, parts)
  SELECT id, id, 0, '',
    sealed('broadcast_text.body_sealed', id, opened('broadcast.body_sealed', id, body_sealed)), parts
  FROM broadcast;
ALTER TABLE broadcast DROP COLUMN body_sealed;
ALTER TABLE broadcast DROP COLUMN parts;
-- Which of its texts each gets.
ALTER TABLE broadcast_to ADD COLUMN said INTEGER NOT NULL DEFAULT 0;

-- For how long it is true after it was made, by the uptime over all runs and, where the clock was `trusted`, by the wall
-- clock; then its state is `late`.
ALTER TABLE broadcast ADD COLUMN true_ms INTEGER NOT NULL DEFAULT 86400000;
ALTER TABLE broadcast ADD COLUMN made_uptime_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE broadcast ADD COLUMN trusted INTEGER NOT NULL DEFAULT 1;
-- One that runs is about as young as the newest text.
UPDATE broadcast SET made_uptime_ms = (SELECT coalesce(max(queued_uptime_ms), 0) FROM sim_outbox);
-- A text that comes back unsent is asked about.
CREATE INDEX broadcast_to_by_text ON broadcast_to (text) WHERE text IS NOT NULL;

-- A dispenser that told a heartbeat is expected to go on; one that speaks HTTP is not. Its silence is told once.
ALTER TABLE dispenser ADD COLUMN expected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dispenser ADD COLUMN silence_told INTEGER NOT NULL DEFAULT 0;
UPDATE dispenser SET expected = 1 WHERE pulses_total IS NOT NULL;

-- Anybody may text STOP: of numbers that were no customer's here then, the newest alone are kept.
ALTER TABLE sim_stopped ADD COLUMN stranger INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sim_stopped_strangers ON sim_stopped (since_ms) WHERE stranger;
