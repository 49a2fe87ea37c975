-- Denied answers of each dispenser are numbered from 1 in `denied`, so that the oldest beyond a stated number is found
-- in one step and forgotten (store/requests.rs): a dispenser that asks wrongly all day does not fill the card. Null for
-- approvals, for what was poured, and for rows from before this step: those leave with age alone.
ALTER TABLE request ADD COLUMN denied INTEGER;
CREATE INDEX request_denied ON request (dispenser, denied) WHERE denied IS NOT NULL;
-- How often the request came again with nothing but another PIN.
ALTER TABLE request ADD COLUMN guesses INTEGER NOT NULL DEFAULT 0;
