-- The first schema. Times are milliseconds since 1970 (UTC), hashes 16 bytes.

CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trigger TEXT NOT NULL,
    phase TEXT NOT NULL,
    n INTEGER NOT NULL DEFAULT 0,         -- of its last scrape_progress
    first_seq INTEGER NOT NULL DEFAULT 0, -- its first event
    last_seq INTEGER NOT NULL DEFAULT 0,  -- its latest event
    end_seq INTEGER NOT NULL DEFAULT 0,   -- the event that ended it, 0 before
    created_ms INTEGER NOT NULL,
    started_ms INTEGER,
    ended_ms INTEGER
);
CREATE INDEX runs_by_phase ON runs (phase);

CREATE TABLE run_platforms (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    platform TEXT NOT NULL,
    plugin TEXT NOT NULL,
    options TEXT NOT NULL,
    phase TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    pages INTEGER NOT NULL DEFAULT 0,
    known INTEGER NOT NULL DEFAULT 0, -- requests in its frontier, done or not
    own_current INTEGER,              -- the scraper's own progress, when it tells it
    own_total INTEGER,
    items INTEGER NOT NULL DEFAULT 0,
    new INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    started_ms INTEGER,
    ended_ms INTEGER,
    UNIQUE (run_id, platform)
);
CREATE INDEX run_platforms_by_platform ON run_platforms (platform, run_id);

-- The dedupe of record. Dropped when its platform's run is over.
CREATE TABLE frontier (
    run_platform INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    state INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    redirects INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    url TEXT NOT NULL,
    method TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    meta TEXT NOT NULL,
    PRIMARY KEY (run_platform, fingerprint)
) WITHOUT ROWID;

CREATE TABLE pages (
    run_platform INTEGER NOT NULL,
    url TEXT NOT NULL,
    outcome INTEGER NOT NULL,
    status INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    elapsed_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
);

CREATE TABLE errors (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL,
    platform TEXT NOT NULL,
    url TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    status INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
);
CREATE INDEX errors_by_run ON errors (run_id, id);

-- What is known of an item now; its content is that of its version.
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    platform TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    last_changed_ms INTEGER NOT NULL,
    UNIQUE (platform, key)
);

-- Written only when the content changed, at most one for each item and run.
CREATE TABLE item_versions (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    hash BLOB NOT NULL,
    url TEXT NOT NULL,
    json TEXT NOT NULL,
    seen_ms INTEGER NOT NULL
);
CREATE INDEX item_versions_by_item ON item_versions (item, id);

-- What a run saw of an item. (depth, url) is the page that won; base is the version from before the run.
CREATE TABLE run_items (
    id INTEGER PRIMARY KEY,
    run_platform INTEGER NOT NULL,
    item INTEGER NOT NULL,
    change TEXT NOT NULL,
    version INTEGER NOT NULL,
    base INTEGER,
    depth INTEGER NOT NULL,
    url TEXT NOT NULL,
    UNIQUE (run_platform, item)
);
CREATE INDEX run_items_by_run_platform ON run_items (run_platform, id);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    type INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    platform TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX events_by_run ON events (run_id);

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    body BLOB NOT NULL,
    run_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) WITHOUT ROWID;
