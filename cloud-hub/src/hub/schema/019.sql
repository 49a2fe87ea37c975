-- Sites text people too, and hear of a STOP in the document of whoever has the number: whether it stands there, as far as
-- anybody has the number.
ALTER TABLE stopped ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
CREATE INDEX stopped_untold ON stopped (phone) WHERE NOT told;
