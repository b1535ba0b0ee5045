-- Who did what to what, for each tenant a chain: every entry's hash is made over the hash before it and
-- its own content, so that nobody changes or takes out one without breaking all that follow.
CREATE TABLE audit_entry (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  -- 1, 2, 3 …: a number that is missing was taken out.
  seq bigint NOT NULL,
  at timestamptz(3) NOT NULL,
  actor text NOT NULL,
  ip text,
  user_agent text,
  action text NOT NULL,
  target text NOT NULL,
  before jsonb,
  after jsonb,
  previous_hash text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (tenant_id, seq),
  CONSTRAINT audit_entry_seq CHECK (seq > 0),
  CONSTRAINT audit_entry_hash CHECK (hash ~ '^[0-9a-f]{64}$' AND previous_hash ~ '^[0-9a-f]{64}$')
);
CREATE INDEX audit_entry_tenant_id_at_idx ON audit_entry (tenant_id, at);
CREATE INDEX audit_entry_tenant_id_target_idx ON audit_entry (tenant_id, target);

-- The end of each tenant's chain: an end that was cut off shows too.
CREATE TABLE audit_head (
  tenant_id text PRIMARY KEY REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  seq bigint NOT NULL,
  hash text NOT NULL
);

CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit log is appended to and never changed.' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

-- The head goes on with the chain and nowhere else.
CREATE FUNCTION audit_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.tenant_id <> OLD.tenant_id OR NEW.seq <> OLD.seq + 1 THEN
    RAISE EXCEPTION 'The audit log is appended to and never changed.' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION audit_head_forward();

ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON audit_entry TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY own_tenant ON audit_head TO holdline_app
  USING (tenant_id = current_setting('app.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY system ON audit_entry TO holdline_system USING (true) WITH CHECK (true);
CREATE POLICY system ON audit_head TO holdline_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_entry TO holdline_app, holdline_system;
GRANT SELECT, INSERT, UPDATE ON audit_head TO holdline_app, holdline_system;
