-- Signing in beyond a password. All of it belongs to a user and to no tenant: tenants see none of it.
CREATE TABLE two_step (
  user_id text PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE CASCADE,
  -- Sealed with the master key.
  secret text NOT NULL,
  -- Null: begun, and no code of it was shown yet.
  confirmed_at timestamptz(3),
  -- The newest time step (30 s since 1970) whose code was taken: it and those before it are worth nothing.
  last_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE recovery_code (
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE CASCADE,
  code_hash text NOT NULL,
  used_at timestamptz(3),
  PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE passkey (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE CASCADE,
  -- As the authenticator calls it, base64url.
  credential_id text NOT NULL,
  public_key bytea NOT NULL,
  counter bigint NOT NULL,
  transports text[] NOT NULL,
  name text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_used_at timestamptz(3)
);
CREATE UNIQUE INDEX passkey_credential_id_key ON passkey (credential_id);
CREATE INDEX passkey_user_id_idx ON passkey (user_id);

-- Challenges that an authenticator signed: kept until they end by themselves, so that none counts twice.
CREATE TABLE spent_challenge (
  challenge text PRIMARY KEY,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX spent_challenge_expires_at_idx ON spent_challenge (expires_at);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['two_step', 'recovery_code', 'passkey', 'spent_challenge'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY system ON %I TO holdline_system USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO holdline_system', name);
  END LOOP;
END
$$;
