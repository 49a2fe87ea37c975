-- A manager's own phone or computer: a browser that has logged in before. Its tries are counted apart, so that a stranger
-- who types wrong passwords under a manager's name does not lock the manager out. `id` is SHA-256 of what its cookie
-- holds; `used_ms` is uptime over all runs at the last login.
CREATE TABLE device (
  id BLOB PRIMARY KEY,
  name TEXT NOT NULL,
  used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_by_name ON device (name, used_ms);

-- Pulses a litre that a manager measured at this dispenser; null where it follows the site's settings.
ALTER TABLE dispenser ADD COLUMN pulses_measured INTEGER;
