-- What passes between the platform and Stripe. None of it is truth about money: that is the ledger.

-- The customer at Stripe that a tenant is.
CREATE TABLE stripe_customer (
  tenant_id text PRIMARY KEY REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  customer_id text NOT NULL,
  -- Hours from then on, and until then, are reported; NULL: none yet, and no end.
  reports_from timestamptz(3),
  reports_until timestamptz(3),
  -- Somebody deleted it at Stripe.
  deleted_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX stripe_customer_customer_id_key ON stripe_customer (customer_id);

-- Calls that make something, noted before they are made: what was under way when a process died is
-- repeated under the same idempotency key for a day, and looked for after that.
CREATE TABLE stripe_call (
  key text PRIMARY KEY,
  -- Grows when the key itself is used up.
  generation integer NOT NULL DEFAULT 1,
  begun_at timestamptz(3) NOT NULL,
  done_at timestamptz(3),
  -- The id of what was made.
  result text,
  CONSTRAINT stripe_call_done CHECK ((done_at IS NULL) = (result IS NULL))
);

-- The outbox: each sealed hour's total, a row more each time that it is corrected.
CREATE TABLE stripe_hour (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  meter text NOT NULL,
  hour timestamptz(3) NOT NULL,
  version integer NOT NULL,
  units bigint NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  attempts integer NOT NULL DEFAULT 0,
  -- Idempotency keys used up by an error that Stripe keeps.
  spent_keys integer NOT NULL DEFAULT 0,
  next_at timestamptz(3) NOT NULL,
  -- The first attempt to send it.
  begun_at timestamptz(3),
  -- A sender has it in hand until then.
  claimed_until timestamptz(3),
  sent_at timestamptz(3),
  -- Stripe's summary of the hour was found to say the same.
  reconciled_at timestamptz(3),
  fault text,
  PRIMARY KEY (tenant_id, meter, hour, version),
  CONSTRAINT stripe_hour_state CHECK (state IN ('pending', 'sent', 'superseded', 'refused', 'expired')),
  CONSTRAINT stripe_hour_whole CHECK (date_trunc('hour', hour, 'UTC') = hour),
  CONSTRAINT stripe_hour_units CHECK (units >= 0),
  CONSTRAINT stripe_hour_version CHECK (version >= 1)
);
CREATE INDEX stripe_hour_state_next_at_idx ON stripe_hour (state, next_at);
CREATE INDEX stripe_hour_hour_idx ON stripe_hour (hour);

-- The inbox: each event once. Its content is not kept: the object is fetched when it is worked on.
CREATE TABLE stripe_event (
  id text PRIMARY KEY,
  type text NOT NULL,
  -- What it is about; events of one object are worked on one at a time.
  object_id text NOT NULL,
  created timestamptz(3) NOT NULL,
  received_at timestamptz(3) NOT NULL,
  -- webhook, or sweep: found in the list of events.
  via text NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz(3) NOT NULL,
  -- A worker has its object in hand until then.
  claimed_until timestamptz(3),
  done_at timestamptz(3),
  fault text,
  CONSTRAINT stripe_event_via CHECK (via IN ('webhook', 'sweep')),
  CONSTRAINT stripe_event_state CHECK (state IN ('pending', 'done', 'failed'))
);
CREATE INDEX stripe_event_state_next_at_idx ON stripe_event (state, next_at);
CREATE INDEX stripe_event_object_id_idx ON stripe_event (object_id);

-- How far the lists of events were read.
CREATE TABLE stripe_sweep (
  list text PRIMARY KEY,
  seen_to timestamptz(3) NOT NULL
);

-- Where Stripe and the ledger say different things. Nothing here is corrected by itself.
CREATE TABLE stripe_difference (
  -- Names what differs: it is found once, however often it is looked at.
  key text PRIMARY KEY,
  kind text NOT NULL,
  tenant_id text REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  ours text NOT NULL,
  theirs text NOT NULL,
  note text NOT NULL,
  found_at timestamptz(3) NOT NULL,
  -- Looked at again, and both said the same.
  settled_at timestamptz(3)
);
CREATE INDEX stripe_difference_settled_at_found_at_idx ON stripe_difference (settled_at, found_at);
CREATE INDEX stripe_difference_tenant_id_idx ON stripe_difference (tenant_id);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'stripe_customer', 'stripe_call', 'stripe_hour', 'stripe_event', 'stripe_sweep', 'stripe_difference'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY system ON %I TO holdline_system USING (true) WITH CHECK (true)', name);
  END LOOP;
END
$$;

-- Of no concern to tenants: they see their invoices.
GRANT SELECT, INSERT, UPDATE ON stripe_customer, stripe_call, stripe_hour, stripe_sweep, stripe_difference
  TO holdline_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON stripe_event TO holdline_system;
