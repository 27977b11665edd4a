-- Runs that are kept no longer: they are out of sight, and what they saw is dropped piece by piece.

CREATE TABLE dropped_run_platforms (
    id INTEGER PRIMARY KEY, -- as it was in run_platforms
    run_id INTEGER NOT NULL
);
CREATE INDEX pages_by_run_platform ON pages (run_platform);
