-- What runs have met, by which later ones are compared with them. Of runs that were whole only.

CREATE TABLE figures (
    id INTEGER PRIMARY KEY,       -- in the order in which they ended
    run_platform INTEGER NOT NULL UNIQUE,
    platform TEXT NOT NULL,
    scope BLOB NOT NULL,          -- hash of plugin, options and all else that decides which items there are
    suspect INTEGER NOT NULL,     -- 1: they were suspicious, and nobody has said since that they are right
    items INTEGER NOT NULL,
    fields TEXT NOT NULL          -- {name: how many of the items have it filled}
);
CREATE INDEX figures_by_platform ON figures (platform, id);
