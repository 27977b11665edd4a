-- Figures by day are asked for by the time that a run was created.

CREATE INDEX runs_by_created ON runs (created_ms);
