-- What is done once on a local day, at each site and for the hub itself (site ''): the last day on which it was begun, and
-- how far it has come. It is written in the transaction that does the work.
CREATE TABLE daily (
    job               TEXT NOT NULL,
    site              TEXT NOT NULL,
    day               TEXT NOT NULL,          -- such as 2026-12-17
    after             INTEGER,                -- the last row that was worked on; NULL: done
    PRIMARY KEY (job, site)
) STRICT;
CREATE INDEX daily_open ON daily (job) WHERE after IS NOT NULL;

-- A subscription ends at its moment, and its customer is told in the morning. Those that are over have been told.
ALTER TABLE subscription ADD COLUMN end_told INTEGER NOT NULL DEFAULT 0;
UPDATE subscription SET end_told = 1 WHERE state = 'expired';
CREATE INDEX subscription_untold ON subscription (site, valid_until_ms) WHERE end_told = 0;

-- What an entry books, such as purchase:00c5…, so that one finds the way from a posting to what happened; NULL in what was
-- booked before this step. What can happen once to one event is booked once.
ALTER TABLE entry ADD COLUMN event TEXT;
CREATE INDEX entry_by_event ON entry (event) WHERE event IS NOT NULL;
CREATE UNIQUE INDEX entry_once ON entry (event, what)
    WHERE event IS NOT NULL AND what IN ('payment', 'deposit', 'water given', 'payment in suspense', 'money in suspense', 'bills paid',
                                      'cash sale', 'cash handed in');
CREATE INDEX entry_by_time ON entry (time_ms);
CREATE INDEX posting_by_account ON posting (account, currency, entry, minor);

-- What a local day came to, at each site and for what belongs to none (site ''). Every row is made again on each of the next
-- three days, for some is told late; one of a site that was not heard since its day ended each day for a month.
CREATE TABLE report (
    day               TEXT NOT NULL,          -- such as 2026-12-17
    site              TEXT NOT NULL,
    made_ms           INTEGER NOT NULL,
    heard             INTEGER NOT NULL,
    pours             INTEGER NOT NULL,
    drawn_ml          INTEGER NOT NULL,
    lost_ml           INTEGER NOT NULL,
    cash_minor        INTEGER NOT NULL,
    denied            INTEGER NOT NULL,       -- asks for water that the hub itself denied
    unpaid            INTEGER NOT NULL,       -- purchases begun that day that came to nothing
    alarms            INTEGER NOT NULL,
    PRIMARY KEY (site, day)
) STRICT;
CREATE INDEX report_by_day ON report (day);
CREATE TABLE report_money (
    day               TEXT NOT NULL,
    site              TEXT NOT NULL,
    provider          TEXT NOT NULL,
    payments          INTEGER NOT NULL,
    minor             INTEGER NOT NULL,
    PRIMARY KEY (site, day, provider)
) STRICT;
-- Reports and the front page count what lies in a stretch of time.
DROP INDEX history_by_time;
CREATE INDEX history_by_time ON history (time_ms, kind, volume_ml, amount_minor, site);
-- The site in whose report a purchase counts, '' for none: that of its subscription, else where its customer was at home.
ALTER TABLE purchase ADD COLUMN counts_at TEXT NOT NULL DEFAULT '';
UPDATE purchase SET counts_at = coalesce(site, (
    SELECT coalesce(stays.site, own.site) FROM customer AS own LEFT JOIN customer AS stays ON stays.id = own.merged_into
    WHERE own.id = purchase.customer), '');
CREATE INDEX purchase_settled_at ON purchase (counts_at, settled_ms) WHERE settled_ms IS NOT NULL;
CREATE INDEX purchase_unpaid_at ON purchase (counts_at, created_ms) WHERE state IN ('failed', 'cancelled', 'expired');
CREATE INDEX purchase_by_age ON purchase (created_ms);
CREATE INDEX alarm_by_time ON alarm (time_ms);
CREATE INDEX history_by_site_time ON history (site, time_ms, kind, volume_ml);
CREATE INDEX money_seen_counts_at ON money_seen (counts_at, paid_ms) WHERE counts_at IS NOT NULL;
CREATE INDEX money_seen_of_purchase ON money_seen (purchase) WHERE purchase IS NOT NULL;
CREATE INDEX draw_denied ON draw (site, created_ms) WHERE denied IS NOT NULL;
