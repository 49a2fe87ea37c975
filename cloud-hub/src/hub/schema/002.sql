-- What a plan was when it was sold: what is paid for is given, whatever the configuration says by then.
ALTER TABLE purchase ADD COLUMN plan_days INTEGER;
ALTER TABLE purchase ADD COLUMN plan_jerrycans INTEGER;
ALTER TABLE purchase ADD COLUMN plan_allowance_ml INTEGER;
ALTER TABLE purchase ADD COLUMN plan_zone TEXT;

-- What the front page and monitoring count is of today.
CREATE INDEX history_by_time ON history (time_ms, kind, volume_ml, amount_minor);

-- Customers up to this one have had their purses settled after a doubt; empty when all have.
ALTER TABLE hub ADD COLUMN settled_to INTEGER;
