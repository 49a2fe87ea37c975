-- Asks without a request of their own that may still be poured: an equal one is found in one step (store/requests.rs).
CREATE INDEX request_unnamed ON request (dispenser, content, id)
  WHERE receipt IS NULL AND substr(request, 1, 8) = 'unnamed-';

-- Tries to log in: the old ones, and those under invented names, are found without looking at every row.
CREATE INDEX login_try_by_time ON login_try (uptime_ms);
CREATE INDEX login_try_invented ON login_try (id, name) WHERE name >= 'invented ' AND name < 'invented!';

-- The most pulses a litre that water since the meter's last known total may have been measured with; null where that is
-- pulses_per_litre. A calibration that is lowered must not look like books that were rolled back.
ALTER TABLE dispenser ADD COLUMN pulses_per_litre_before INTEGER;
