-- What an alarm has told of the payments that a provider was asked for, so that it tells it once.
ALTER TABLE pull ADD COLUMN unreadable INTEGER NOT NULL DEFAULT 0; -- so many payments of the last answer could not be read
ALTER TABLE pull ADD COLUMN gap_ms INTEGER;                        -- since then payments are out of the provider's reach
-- When a provider was last asked about the purchase that this money may be; NULL: not since it was first seen.
ALTER TABLE money_seen ADD COLUMN asked_ms INTEGER;
