-- What a run needs to go on after any end of the server.

ALTER TABLE run_platforms ADD COLUMN begun INTEGER NOT NULL DEFAULT 0; -- start() of its scraper is committed
ALTER TABLE run_platforms ADD COLUMN ok INTEGER NOT NULL DEFAULT 0;    -- requests that ended well

UPDATE run_platforms SET begun = 1 WHERE id IN (SELECT run_platform FROM frontier);
UPDATE run_platforms SET ok = fetched.count
    FROM (SELECT run_platform, count(*) AS count FROM pages WHERE outcome = 0 GROUP BY run_platform) AS fetched
    WHERE fetched.run_platform = run_platforms.id;
