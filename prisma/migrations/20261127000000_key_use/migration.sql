-- By whom each key was used lately, for people to look at. A bounded number of rows for a key.
CREATE TABLE key_use (
  tenant_id text NOT NULL,
  app_id text NOT NULL,
  key_id text NOT NULL,
  -- Tells callers apart: address and user agent; of all tokens together the word token.
  caller text NOT NULL,
  via text NOT NULL,
  address text NOT NULL,
  user_agent text NOT NULL,
  client_id text,
  first_at timestamptz(3) NOT NULL,
  last_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, key_id, caller),
  FOREIGN KEY (tenant_id, app_id, key_id) REFERENCES api_key (tenant_id, app_id, id)
    ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT key_use_via CHECK (via IN ('key', 'token'))
);
CREATE INDEX key_use_last_at_idx ON key_use (last_at);

ALTER TABLE key_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_use FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON key_use TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY system ON key_use TO holdline_system USING (true) WITH CHECK (true);
GRANT SELECT ON key_use TO holdline_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON key_use TO holdline_system;
