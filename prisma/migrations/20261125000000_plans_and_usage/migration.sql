-- Plans belong to the platform. A plan in use is never deleted: it is retired, and goes on for those
-- who have it.
CREATE TYPE plan_status AS ENUM ('active', 'retired');
CREATE TABLE plan (
  id text PRIMARY KEY,
  name text NOT NULL,
  status plan_status NOT NULL DEFAULT 'active',
  -- A part of PlanLimits: what is left out is not limited by the plan.
  limits jsonb NOT NULL DEFAULT '{}',
  -- Pricing of libs/billing.
  pricing jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT plan_limits_object CHECK (jsonb_typeof(limits) = 'object'),
  CONSTRAINT plan_pricing_object CHECK (jsonb_typeof(pricing) = 'object')
);
-- NULL: no plan; tenant.limits alone says what it may. What tenant.limits says goes before the plan's.
ALTER TABLE tenant ADD COLUMN plan_id text REFERENCES plan (id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX tenant_plan_id_idx ON tenant (plan_id);
-- What a key may do less than its tenant.
ALTER TABLE api_key ADD COLUMN limits jsonb NOT NULL DEFAULT '{}';
ALTER TABLE api_key ADD CONSTRAINT api_key_limits_object CHECK (jsonb_typeof(limits) = 'object');

DROP TRIGGER tenant_touch_apps ON tenant;
CREATE TRIGGER tenant_touch_apps AFTER UPDATE ON tenant
  FOR EACH ROW WHEN (
    OLD.status IS DISTINCT FROM NEW.status OR OLD.limits IS DISTINCT FROM NEW.limits
    OR OLD.plan_id IS DISTINCT FROM NEW.plan_id
  )
  EXECUTE FUNCTION tenant_touch_apps();

CREATE FUNCTION plan_touch_apps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE app SET name = name FROM tenant WHERE app.tenant_id = tenant.id AND tenant.plan_id = NEW.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER plan_version_lock BEFORE UPDATE ON plan
  FOR EACH STATEMENT EXECUTE FUNCTION config_version_lock();
CREATE TRIGGER plan_touch_apps AFTER UPDATE ON plan
  FOR EACH ROW WHEN (OLD.limits IS DISTINCT FROM NEW.limits)
  EXECUTE FUNCTION plan_touch_apps();

-- Usage by UTC hour, in base units of the meter (METERS of the contracts). The truth that is billed:
-- never a snapshot of it, and what comes late is added to the hour that it belongs to.
CREATE TABLE usage_hour (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  app_id text NOT NULL,
  -- The key's id; `jwk:…` for a registered public key; empty where no key stands behind it.
  key_id text NOT NULL,
  meter text NOT NULL,
  hour timestamptz(3) NOT NULL,
  units bigint NOT NULL,
  PRIMARY KEY (tenant_id, meter, hour, app_id, key_id),
  CONSTRAINT usage_hour_whole CHECK (date_trunc('hour', hour, 'UTC') = hour),
  CONSTRAINT usage_hour_units CHECK (units >= 0)
);
CREATE INDEX usage_hour_hour_idx ON usage_hour (hour);

-- The same units by channel, to explain and to look at; nothing is billed from it. The channels of an
-- app in an hour beyond a bound share the empty name.
CREATE TABLE usage_channel_hour (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  app_id text NOT NULL,
  namespace text NOT NULL,
  channel text NOT NULL,
  meter text NOT NULL,
  hour timestamptz(3) NOT NULL,
  units bigint NOT NULL,
  PRIMARY KEY (tenant_id, meter, hour, app_id, namespace, channel),
  CONSTRAINT usage_channel_hour_whole CHECK (date_trunc('hour', hour, 'UTC') = hour),
  CONSTRAINT usage_channel_hour_units CHECK (units >= 0)
);
CREATE INDEX usage_channel_hour_hour_idx ON usage_channel_hour (hour);

-- How far each source of usage was read: moved in the transaction that adds what was read.
CREATE TABLE meter_mark (
  -- `log:<epoch>` of a message log, `journal:<node>:<boot>` of a node's own counts, …
  source text PRIMARY KEY,
  position bigint NOT NULL,
  -- Everything of the source up to this moment is counted.
  complete_to timestamptz(3) NOT NULL,
  CONSTRAINT meter_mark_position CHECK (position >= 0)
);

ALTER TABLE plan ENABLE ROW LEVEL SECURITY;
ALTER TABLE plan FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_hour ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_hour FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_channel_hour ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_channel_hour FORCE ROW LEVEL SECURITY;
ALTER TABLE meter_mark ENABLE ROW LEVEL SECURITY;
ALTER TABLE meter_mark FORCE ROW LEVEL SECURITY;

-- Everybody may read the plans there are.
CREATE POLICY every_plan ON plan FOR SELECT TO holdline_app USING (true);
CREATE POLICY own_tenant ON usage_hour TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON usage_channel_hour TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY system ON plan TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON usage_hour TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON usage_channel_hour TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON meter_mark TO holdline_system USING (true) WITH CHECK (true);

-- A tenant reads its usage and writes none of it.
GRANT SELECT ON plan, usage_hour, usage_channel_hour TO holdline_app;
GRANT SELECT, INSERT, UPDATE ON plan, usage_hour, meter_mark TO holdline_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_channel_hour TO holdline_system;
