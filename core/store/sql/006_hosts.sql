-- What is known of the hosts that were asked for something.
CREATE TABLE hosts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE, -- "https://example.org", with a port that is not the default
    seen_ms INTEGER NOT NULL,
    json TEXT NOT NULL,        -- what GET /api/hosts shows of it
    robots BLOB                -- its last robots.txt, NULL if it never gave one
);

-- Requests that a site's robots.txt asks not to make.
ALTER TABLE run_platforms ADD COLUMN excluded INTEGER NOT NULL DEFAULT 0;
