-- Whoever has looked at an alarm says so, and it leaves the front page. It is never deleted.
ALTER TABLE alarm ADD COLUMN seen_ms INTEGER;
CREATE INDEX alarm_unseen ON alarm (id) WHERE seen_ms IS NULL;
CREATE INDEX alarm_by_site ON alarm (site, id);

-- Since when a restored hub leaves every payout to a person: payouts that were made after its backup stand in no book here.
ALTER TABLE hub ADD COLUMN payouts_held_ms INTEGER;
