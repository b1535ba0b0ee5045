-- The name of the app, not of the tenant beside it: left open, no plan's limits could be changed.
CREATE OR REPLACE FUNCTION plan_touch_apps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE app SET name = app.name FROM tenant WHERE app.tenant_id = tenant.id AND tenant.plan_id = NEW.id;
  RETURN NULL;
END
$$;
