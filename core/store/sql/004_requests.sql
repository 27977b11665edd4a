-- Of a request that waits for another try; of one that was redirected to; and of what has become of one.
ALTER TABLE frontier ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;      -- that failed
ALTER TABLE frontier ADD COLUMN not_before_ms INTEGER NOT NULL DEFAULT 0; -- of the next
ALTER TABLE frontier ADD COLUMN chain BLOB NOT NULL DEFAULT x'';          -- fingerprints of those redirected to it
ALTER TABLE frontier ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;       -- it was a page of max_pages
ALTER TABLE frontier ADD COLUMN page INTEGER;                             -- rowid of its page, once it is done
ALTER TABLE pages ADD COLUMN error INTEGER;                               -- id in errors, of one that failed

UPDATE frontier SET counted = 1 WHERE state = 1;
