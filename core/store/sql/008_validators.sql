-- What lets a later run ask whether a page has changed, and have all that came of it without fetching it.

CREATE TABLE validators (
    platform TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    scope BLOB NOT NULL,         -- hash of plugin, options, depth and all else that decides what comes of the page
    etag TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    items BLOB NOT NULL,         -- id and hash of the content of each, 24 bytes
    links BLOB NOT NULL,         -- fingerprints of the GETs that it asks for
    PRIMARY KEY (platform, fingerprint)
);

-- URLs of the GETs that pages of such platforms have asked for: a page has hundreds of links, most of them known.
CREATE TABLE urls (
    fingerprint BLOB PRIMARY KEY,
    url TEXT NOT NULL
) WITHOUT ROWID;

ALTER TABLE run_platforms ADD COLUMN not_modified INTEGER NOT NULL DEFAULT 0; -- pages of `ok` that were as before
