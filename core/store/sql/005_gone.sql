-- Items that a complete run of their platform no longer met.

ALTER TABLE items ADD COLUMN gone_ms INTEGER; -- since when, NULL: it is there
ALTER TABLE run_platforms ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
