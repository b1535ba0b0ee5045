-- What apps did lately, for people to look at: nothing is billed from it. In three steps (10 s, 5 min,
-- 1 h) that are kept for an hour, a day and 30 days: a fixed number of rows for an app, whatever it does.
CREATE TABLE activity (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE CASCADE ON UPDATE CASCADE,
  app_id text NOT NULL,
  step_seconds integer NOT NULL,
  at timestamptz(3) NOT NULL,
  published bigint NOT NULL,
  delivered bigint NOT NULL,
  -- Of each 10 s what was held at their end, added up.
  holds bigint NOT NULL,
  -- A histogram: LATENCY_BOUNDS_MS of the contracts; shorter where the last buckets are empty.
  latency bigint[] NOT NULL,
  -- Problem code to count.
  errors jsonb NOT NULL,
  PRIMARY KEY (tenant_id, step_seconds, at, app_id),
  CONSTRAINT activity_step CHECK (step_seconds IN (10, 300, 3600)),
  CONSTRAINT activity_whole CHECK (
    mod(extract(epoch FROM at)::bigint, step_seconds) = 0 AND date_trunc('second', at, 'UTC') = at
  ),
  CONSTRAINT activity_errors_object CHECK (jsonb_typeof(errors) = 'object')
);
CREATE INDEX activity_step_at_idx ON activity (step_seconds, at);

-- How far each delivery node was read: moved in the transaction that adds what was read.
CREATE TABLE activity_mark (
  node text PRIMARY KEY,
  through timestamptz(3) NOT NULL
);

ALTER TABLE activity ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity FORCE ROW LEVEL SECURITY;
ALTER TABLE activity_mark ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity_mark FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON activity TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY system ON activity TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON activity_mark TO holdline_system USING (true) WITH CHECK (true);
GRANT SELECT ON activity TO holdline_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON activity, activity_mark TO holdline_system;
