-- Roles. The server's connections run as one of these two (set in the connection's start-up options).
-- holdline_app    what a tenant's request does; sees the rows of `app.tenant_id` and no others.
-- holdline_system sign-in, sign-up, the configuration feed and the platform's own staff; sees every row.
-- Neither owns a table, logs in, or bypasses row-level security. Roles belong to the whole cluster, so
-- another database may have made them already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'holdline_app') THEN
    CREATE ROLE holdline_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'holdline_system') THEN
    CREATE ROLE holdline_system NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
  END IF;
  -- SET without INHERIT: the owner may change into the roles, but a bare connection of the owner
  -- matches no policy and so sees nothing.
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT holdline_app, holdline_system TO %I WITH INHERIT FALSE, SET TRUE', current_user);
  END IF;
END
$$;

-- The current schema rather than a fixed one: the migration also runs in a schema of its own.
DO $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO holdline_app, holdline_system', current_schema());
END
$$;

CREATE TYPE tenant_status AS ENUM ('active', 'suspended', 'closed');
CREATE TYPE member_role AS ENUM ('owner', 'developer', 'billing', 'viewer');
CREATE TYPE app_status AS ENUM ('active', 'revoked');
CREATE TYPE key_mode AS ENUM ('live', 'test');
CREATE TYPE publishers AS ENUM ('anyone', 'keys');
CREATE TYPE revocation_kind AS ENUM ('client', 'token');

CREATE TABLE "user" (
  id text PRIMARY KEY,
  email text NOT NULL,
  password_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT user_email_lower CHECK (email = lower(email))
);
CREATE UNIQUE INDEX user_email_key ON "user" (email);

CREATE TABLE tenant (
  id text PRIMARY KEY,
  name text NOT NULL,
  status tenant_status NOT NULL DEFAULT 'active',
  limits jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT tenant_limits_object CHECK (jsonb_typeof(limits) = 'object')
);

CREATE TABLE member (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE CASCADE ON UPDATE CASCADE,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE CASCADE,
  role member_role NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX member_user_id_idx ON member (user_id);

CREATE TABLE session (
  id_hash text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE CASCADE,
  tenant_id text REFERENCES tenant (id) ON DELETE SET NULL ON UPDATE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_seen_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX session_user_id_idx ON session (user_id);
CREATE INDEX session_expires_at_idx ON session (expires_at);

CREATE TABLE app (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  name text NOT NULL,
  status app_status NOT NULL DEFAULT 'active',
  allowed_origins text[] NOT NULL DEFAULT '{*}',
  jwks jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  version bigint NOT NULL DEFAULT 0,
  CONSTRAINT app_jwks_array CHECK (jsonb_typeof(jwks) = 'array')
);
-- What other tables point at, so that a row can never belong to an app of another tenant.
CREATE UNIQUE INDEX app_tenant_id_id_key ON app (tenant_id, id);
CREATE INDEX app_version_idx ON app (version);

CREATE TABLE api_key (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  app_id text NOT NULL,
  mode key_mode NOT NULL,
  name text NOT NULL,
  secret_hash text NOT NULL,
  last4 text NOT NULL,
  signing_secret text NOT NULL,
  capabilities jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  replaces text,
  version bigint NOT NULL DEFAULT 0,
  CONSTRAINT api_key_id_format CHECK (id ~ '^[0-9A-Za-z]{12}$'),
  CONSTRAINT api_key_capabilities_object CHECK (jsonb_typeof(capabilities) = 'object'),
  FOREIGN KEY (tenant_id, app_id) REFERENCES app (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX api_key_tenant_id_app_id_id_key ON api_key (tenant_id, app_id, id);
CREATE INDEX api_key_version_idx ON api_key (version);
ALTER TABLE api_key ADD FOREIGN KEY (tenant_id, app_id, replaces)
  REFERENCES api_key (tenant_id, app_id, id) ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE namespace (
  app_id text NOT NULL,
  tenant_id text NOT NULL,
  name text NOT NULL,
  retention_seconds integer NOT NULL DEFAULT 86400,
  retention_messages integer,
  persistence boolean NOT NULL DEFAULT true,
  presence boolean NOT NULL DEFAULT true,
  max_message_bytes integer NOT NULL DEFAULT 65536,
  publishers publishers NOT NULL DEFAULT 'anyone',
  deleted boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  version bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (app_id, name),
  CONSTRAINT namespace_name_no_colon CHECK (name <> '' AND position(':' IN name) = 0),
  CONSTRAINT namespace_rules_positive CHECK (
    retention_seconds > 0 AND max_message_bytes > 0 AND (retention_messages IS NULL OR retention_messages > 0)
  ),
  FOREIGN KEY (tenant_id, app_id) REFERENCES app (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX namespace_tenant_id_app_id_idx ON namespace (tenant_id, app_id);
CREATE INDEX namespace_version_idx ON namespace (version);

CREATE TABLE revocation (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  app_id text NOT NULL,
  kind revocation_kind NOT NULL,
  value text NOT NULL,
  issued_before timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  version bigint NOT NULL DEFAULT 0,
  FOREIGN KEY (tenant_id, app_id) REFERENCES app (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX revocation_tenant_id_app_id_idx ON revocation (tenant_id, app_id);
CREATE INDEX revocation_version_idx ON revocation (version);
CREATE INDEX revocation_expires_at_idx ON revocation (expires_at);

CREATE TABLE operator (
  id text PRIMARY KEY,
  email text NOT NULL,
  password_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT operator_email_lower CHECK (email = lower(email))
);
CREATE UNIQUE INDEX operator_email_key ON operator (email);

-- Configuration versions. Delivery nodes ask for what is newer than the version they have, so a
-- version must never become visible after a higher one has: a reader would skip it for good. One
-- advisory lock, held until the commit is visible, puts every change of configuration in line.
CREATE SEQUENCE config_version AS bigint;

-- Before the statement, so before it locks any row: the other way round two changes that need each
-- other's rows would lock each other out.
CREATE FUNCTION config_version_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7239052041);
  RETURN NULL;
END
$$;

-- One version and one notification for each transaction, however many rows it changes. The setting
-- names the transaction that it was made for, so that none left behind is ever taken for a new one.
CREATE FUNCTION config_version_set() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  mine text := pg_current_xact_id()::text;
  made text := current_setting('holdline.config_version', true);
BEGIN
  IF split_part(coalesce(made, ''), ':', 1) = mine THEN
    NEW.version := split_part(made, ':', 2)::bigint;
  ELSE
    PERFORM pg_advisory_xact_lock(7239052041);
    NEW.version := nextval('config_version');
    PERFORM set_config('holdline.config_version', mine || ':' || NEW.version, true);
    PERFORM pg_notify('holdline_config', NEW.version::text);
  END IF;
  RETURN NEW;
END
$$;

-- What a tenant's status and limits mean is served with its apps.
CREATE FUNCTION tenant_touch_apps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE app SET name = name WHERE tenant_id = NEW.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER app_version_lock BEFORE INSERT OR UPDATE ON app
  FOR EACH STATEMENT EXECUTE FUNCTION config_version_lock();
CREATE TRIGGER app_version_set BEFORE INSERT OR UPDATE ON app
  FOR EACH ROW EXECUTE FUNCTION config_version_set();
CREATE TRIGGER api_key_version_lock BEFORE INSERT OR UPDATE ON api_key
  FOR EACH STATEMENT EXECUTE FUNCTION config_version_lock();
CREATE TRIGGER api_key_version_set BEFORE INSERT OR UPDATE ON api_key
  FOR EACH ROW EXECUTE FUNCTION config_version_set();
CREATE TRIGGER namespace_version_lock BEFORE INSERT OR UPDATE ON namespace
  FOR EACH STATEMENT EXECUTE FUNCTION config_version_lock();
CREATE TRIGGER namespace_version_set BEFORE INSERT OR UPDATE ON namespace
  FOR EACH ROW EXECUTE FUNCTION config_version_set();
CREATE TRIGGER revocation_version_lock BEFORE INSERT OR UPDATE ON revocation
  FOR EACH STATEMENT EXECUTE FUNCTION config_version_lock();
CREATE TRIGGER revocation_version_set BEFORE INSERT OR UPDATE ON revocation
  FOR EACH ROW EXECUTE FUNCTION config_version_set();
CREATE TRIGGER tenant_version_lock BEFORE UPDATE ON tenant
  FOR EACH STATEMENT EXECUTE FUNCTION config_version_lock();
CREATE TRIGGER tenant_touch_apps AFTER UPDATE ON tenant
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.limits IS DISTINCT FROM NEW.limits)
  EXECUTE FUNCTION tenant_touch_apps();

-- Row-level security, on every table and for its owner too.
ALTER TABLE "user" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "user" FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
ALTER TABLE member ENABLE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
ALTER TABLE app ENABLE ROW LEVEL SECURITY;
ALTER TABLE app FORCE ROW LEVEL SECURITY;
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
ALTER TABLE namespace ENABLE ROW LEVEL SECURITY;
ALTER TABLE namespace FORCE ROW LEVEL SECURITY;
ALTER TABLE revocation ENABLE ROW LEVEL SECURITY;
ALTER TABLE revocation FORCE ROW LEVEL SECURITY;
ALTER TABLE operator ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator FORCE ROW LEVEL SECURITY;

-- The setting is NULL or empty where no tenant was chosen, and no id equals either.
CREATE POLICY own_tenant ON tenant TO holdline_app
  USING (id = current_setting('app.tenant_id', true))
  WITH CHECK (id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON member TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON app TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON api_key TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON namespace TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON revocation TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
-- A tenant sees who its members are (the columns granted below, never a password hash).
CREATE POLICY own_members ON "user" FOR SELECT TO holdline_app
  USING (EXISTS (
    SELECT FROM member
    WHERE member.user_id = "user".id AND member.tenant_id = current_setting('app.tenant_id', true)
  ));

CREATE POLICY system ON "user" TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON tenant TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON member TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON session TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON app TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON api_key TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON namespace TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON revocation TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON operator TO holdline_system USING (true) WITH CHECK (true);

-- Rights. A tenant can neither raise its own limits nor lift its own suspension. Apps, keys and
-- namespaces are never deleted, only marked: a delivery node learns of a change by its version, and a
-- row that is gone has none.
GRANT SELECT, UPDATE (name) ON tenant TO holdline_app;
GRANT SELECT (id, email, created_at) ON "user" TO holdline_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON member TO holdline_app;
GRANT SELECT, INSERT, UPDATE ON app, api_key, namespace, revocation TO holdline_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON "user", tenant, member, session, operator TO holdline_system;
GRANT SELECT, INSERT, UPDATE ON app, api_key, namespace TO holdline_system;
-- An expired revocation refuses nothing that is still alive: it may go.
GRANT SELECT, INSERT, UPDATE, DELETE ON revocation TO holdline_system;
GRANT SELECT, USAGE ON SEQUENCE config_version TO holdline_app, holdline_system;
