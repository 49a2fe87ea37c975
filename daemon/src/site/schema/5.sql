-- What names a person is sealed under a key that lies outside this file, and found by keyed hashes: `sealed`, `opened` and
-- `keyed` are store::vault's. A stolen card without its key tells no phone and no name. What stays in the clear names
-- people by random ids, and staff by their account names.
INSERT INTO journal_meta (name, value) VALUES ('vault', keyed('vault', 'kisima'));

-- The edits lane carries documents' changes, and those carry names and phones.
UPDATE journal_records SET bytes = sealed('journal_records.bytes', log || ':' || seq, bytes)
  WHERE bytes IS NOT NULL AND log IN (SELECT number FROM journal_logs WHERE lane = 1);

-- `phone_key` is keyed('customer.phone', phone). The other two are sealed, and NULL where nobody gave one.
DROP INDEX customer_by_phone;
ALTER TABLE customer ADD COLUMN phone_key BLOB;
ALTER TABLE customer ADD COLUMN phone_sealed BLOB;
ALTER TABLE customer ADD COLUMN name_sealed BLOB;
UPDATE customer SET phone_key = keyed('customer.phone', phone),
  phone_sealed = sealed('customer.phone_sealed', id, phone),
  name_sealed = sealed('customer.name_sealed', id, nullif(name, ''));
ALTER TABLE customer DROP COLUMN phone;
ALTER TABLE customer DROP COLUMN name;
CREATE INDEX customer_by_phone ON customer (phone_key) WHERE phone_key IS NOT NULL;

UPDATE document SET bytes = sealed('document.bytes', id, bytes);
UPDATE document_waiting SET change = sealed('document_waiting.change', id, change);

-- Answers say a name.
UPDATE request SET answer = sealed('request.answer', dispenser || '/' || request, answer),
  receipt = sealed('request.receipt', dispenser || '/' || request, receipt);

-- A caller may take anything for a key of its own, and somebody may type anything for a name: hexadecimal of
-- keyed('answered.key', key) and keyed('login_try.name', name). Tries are of a kind each, its word before the rest.
UPDATE answered SET body = sealed('answered.body', who || '/' || hex(keyed('answered.key', key)), body),
  key = hex(keyed('answered.key', key));
UPDATE login_try SET name = substr(name, 1, instr(name, ' ')) || hex(keyed('login_try.name', name));

-- Who changed what by hand, and who was turned away. `content` is sealed: a JSON array of who, what and detail. `id`
-- counts from 1 without a gap. `chain` is keyed('audit', chain of the row before it, id, time, content), the first one's
-- over no bytes: whoever edits, deletes or swaps rows cannot make it. The head, which a row is chained to, names the
-- last row; `seal` is keyed('audit_head', rows, chain). It travels in the telemetry lane, so that the hub knows how long
-- the audit was.
ALTER TABLE audit RENAME TO audit_unchained;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  time INTEGER NOT NULL,
  content BLOB NOT NULL,
  chain BLOB NOT NULL
) STRICT;
CREATE TABLE audit_head (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  rows INTEGER NOT NULL,
  chain BLOB NOT NULL,
  seal BLOB NOT NULL
) STRICT;
CREATE TABLE audit_numbered (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
INSERT INTO audit_numbered (id, time, content)
  SELECT id, time, sealed('audit.content', id, content)
  FROM (SELECT row_number() OVER (ORDER BY id) AS id, time, json_array(who, what, detail) AS content FROM audit_unchained);
WITH RECURSIVE chained (id, time, content, chain) AS (
  SELECT id, time, content, keyed('audit', x'', id, time, content) FROM audit_numbered WHERE id = 1
  UNION ALL
  SELECT next.id, next.time, next.content, keyed('audit', chained.chain, next.id, next.time, next.content)
  FROM chained JOIN audit_numbered AS next ON next.id = chained.id + 1
)
INSERT INTO audit (id, time, content, chain) SELECT id, time, content, chain FROM chained;
INSERT INTO audit_head (only, rows, chain, seal)
  SELECT 1, rows, chain, keyed('audit_head', rows, chain)
  FROM (SELECT count(*) AS rows, coalesce((SELECT chain FROM audit ORDER BY id DESC LIMIT 1), x'') AS chain FROM audit);
DROP TABLE audit_numbered;
DROP TABLE audit_unchained;

-- Pages that are free now may hold what rows held in the clear: the file is written anew once (site::store::open).
INSERT INTO meta (key, value)
  SELECT 'rewrite_due', x'01' WHERE EXISTS (SELECT 1 FROM customer) OR EXISTS (SELECT 1 FROM request)
    OR EXISTS (SELECT 1 FROM audit) OR EXISTS (SELECT 1 FROM login_try) OR EXISTS (SELECT 1 FROM journal_logs);
