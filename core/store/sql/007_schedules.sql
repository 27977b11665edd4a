-- How far the schedules of platforms have come. The timing of one that is not configured now is empty.

CREATE TABLE schedules (
    platform TEXT PRIMARY KEY,
    spec TEXT NOT NULL,       -- the schedule as the API shows it, an object
    timing TEXT NOT NULL,     -- what of it says when it is due
    due_ms INTEGER NOT NULL,  -- due times through this one are dealt with
    paused_ms INTEGER,        -- since when; NULL: it is not
    reason TEXT NOT NULL DEFAULT '',
    run_id INTEGER,           -- the last that it has started
    run_due_ms INTEGER,       -- the due time that this was for
    skipped_ms INTEGER,       -- the last due time that passed without a run
    skipped TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
