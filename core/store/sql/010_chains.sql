-- How far pushing chains have come, and the transports whose receivers want no more.

CREATE TABLE chains (
    name TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,            -- all events through it have arrived, or are not for this chain
    lost INTEGER NOT NULL DEFAULT 0  -- events that the journal had dropped before
) WITHOUT ROWID;

CREATE TABLE disabled_transports (
    name TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) WITHOUT ROWID;
