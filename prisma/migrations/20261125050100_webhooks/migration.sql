-- Webhooks: endpoints, the events for them (an outbox: written in the transaction that makes them true),
-- one delivery for each event and endpoint, and what each attempt said.
CREATE TYPE webhook_delivery_status AS ENUM ('pending', 'delivered', 'dead');

CREATE TABLE webhook_endpoint (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- NULL: events of every app, and those of the tenant as a whole.
  app_id text,
  url text NOT NULL,
  description text NOT NULL DEFAULT '',
  events text[] NOT NULL,
  -- Which channels' events; used for messages, presence, occupied and vacated alone.
  channels text[] NOT NULL DEFAULT '{*}',
  ordered boolean NOT NULL DEFAULT false,
  enabled boolean NOT NULL DEFAULT true,
  -- 'failing': disabled by us after days of failures.
  disabled_reason text,
  secret text NOT NULL,
  previous_secret text,
  previous_secret_until timestamptz(3),
  consecutive_failures integer NOT NULL DEFAULT 0,
  failing_since timestamptz(3),
  last_success_at timestamptz(3),
  last_failure_at timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  deleted_at timestamptz(3),
  CONSTRAINT webhook_endpoint_reason CHECK (disabled_reason IS NULL OR NOT enabled),
  FOREIGN KEY (tenant_id, app_id) REFERENCES app (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX webhook_endpoint_tenant_id_id_key ON webhook_endpoint (tenant_id, id);

CREATE TABLE webhook_event (
  id text PRIMARY KEY,
  -- The order in which they were noted.
  seq bigserial,
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  app_id text,
  type text NOT NULL,
  -- Set for events of a channel: what the endpoints' patterns are matched with.
  channel text,
  -- What is sent, byte for byte, at each attempt.
  body text NOT NULL,
  key text,
  order_key text,
  at timestamptz(3) NOT NULL,
  fanned_out_at timestamptz(3)
);
CREATE UNIQUE INDEX webhook_event_tenant_id_key_key ON webhook_event (tenant_id, key);
CREATE UNIQUE INDEX webhook_event_tenant_id_id_key ON webhook_event (tenant_id, id);
CREATE INDEX webhook_event_fanned_out_at_seq_idx ON webhook_event (fanned_out_at, seq);
CREATE INDEX webhook_event_tenant_id_at_idx ON webhook_event (tenant_id, at);

CREATE TABLE webhook_delivery (
  id text PRIMARY KEY,
  seq bigserial,
  tenant_id text NOT NULL,
  endpoint_id text NOT NULL,
  event_id text NOT NULL,
  order_key text,
  status webhook_delivery_status NOT NULL DEFAULT 'pending',
  -- 0 at first; each replay is a round of its own, with all of the attempts.
  round integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz(3),
  -- When the next attempt was handed to the queue.
  handed_at timestamptz(3),
  claimed_until timestamptz(3),
  -- It was counted as a delivery that costs something.
  metered boolean NOT NULL DEFAULT false,
  last_status integer,
  last_error text,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  finished_at timestamptz(3),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (tenant_id, event_id) REFERENCES webhook_event (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX webhook_delivery_endpoint_id_event_id_key ON webhook_delivery (endpoint_id, event_id);
CREATE UNIQUE INDEX webhook_delivery_tenant_id_id_key ON webhook_delivery (tenant_id, id);
CREATE INDEX webhook_delivery_endpoint_id_seq_idx ON webhook_delivery (endpoint_id, seq);
CREATE INDEX webhook_delivery_status_handed_at_next_attempt_at_idx ON webhook_delivery (status, handed_at, next_attempt_at);
CREATE INDEX webhook_delivery_endpoint_id_status_order_key_seq_idx ON webhook_delivery (endpoint_id, status, order_key, seq);
CREATE INDEX webhook_delivery_event_id_idx ON webhook_delivery (event_id);

-- Whether an endpoint is to be told of an event; said once, for the first delivery and for replays.
CREATE FUNCTION webhook_wants(w webhook_endpoint, e webhook_event) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT w.tenant_id = e.tenant_id AND w.deleted_at IS NULL
    -- From when it was made, never what was before.
    AND w.created_at <= e.at
    AND e.type = ANY (w.events) AND (w.app_id IS NULL OR w.app_id = e.app_id)
    AND (e.channel IS NULL OR EXISTS (
      SELECT FROM unnest(w.channels) AS p
      WHERE p = '*' OR p = e.channel OR (right(p, 2) = ':*' AND starts_with(e.channel, left(p, -1)))))
$$;

CREATE TABLE webhook_attempt (
  delivery_id text NOT NULL,
  tenant_id text NOT NULL,
  round integer NOT NULL,
  number integer NOT NULL,
  at timestamptz(3) NOT NULL,
  duration_ms integer NOT NULL,
  -- What was sent and what came back, without signatures and cookies, and bounded.
  request jsonb NOT NULL,
  status integer,
  error text,
  response jsonb,
  PRIMARY KEY (delivery_id, round, number),
  FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- Channels that endpoints were told are occupied: changed in the transaction that notes the event.
CREATE TABLE webhook_occupancy (
  app_id text NOT NULL,
  tenant_id text NOT NULL,
  channel text NOT NULL,
  -- When somebody was last seen to receive from it.
  seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (app_id, channel),
  FOREIGN KEY (tenant_id, app_id) REFERENCES app (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX webhook_occupancy_seen_at_idx ON webhook_occupancy (seen_at);

ALTER TABLE webhook_endpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoint FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_event FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_delivery FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_attempt FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_occupancy ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_occupancy FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON webhook_occupancy TO holdline_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_occupancy TO holdline_system;
CREATE POLICY own_tenant ON webhook_endpoint TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON webhook_event TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON webhook_delivery TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON webhook_attempt TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY system ON webhook_endpoint TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON webhook_event TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON webhook_delivery TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON webhook_attempt TO holdline_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON webhook_endpoint, webhook_delivery TO holdline_app;
GRANT SELECT, INSERT ON webhook_event TO holdline_app;
GRANT SELECT ON webhook_attempt TO holdline_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoint, webhook_event, webhook_delivery, webhook_attempt
  TO holdline_system;
GRANT USAGE ON SEQUENCE webhook_event_seq_seq, webhook_delivery_seq_seq TO holdline_app, holdline_system;

-- The queue library keeps its jobs in a schema of its own, which it makes and migrates itself. Its role
-- reaches nothing else: no table of ours.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'holdline_queue') THEN
    CREATE ROLE holdline_queue NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
  END IF;
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT holdline_queue TO %I WITH INHERIT FALSE, SET TRUE', current_user);
  END IF;
END
$$;
CREATE SCHEMA IF NOT EXISTS holdline_queue AUTHORIZATION holdline_queue;
