-- Operators sign in in two steps too. A second step belongs to a person, who is a user or an operator: no
-- foreign key can say so, and whoever removes a person removes it with them.
ALTER TABLE two_step DROP CONSTRAINT two_step_user_id_fkey;
ALTER TABLE two_step RENAME COLUMN user_id TO person_id;
ALTER TABLE recovery_code DROP CONSTRAINT recovery_code_user_id_fkey;
ALTER TABLE recovery_code RENAME COLUMN user_id TO person_id;

-- What operators did, to whichever tenant or to none. What was done to a tenant stands in its own audit
-- log too, which the tenant reads; this one is read by operators alone, over all tenants.
CREATE TABLE operator_entry (
  id bigserial PRIMARY KEY,
  at timestamptz(3) NOT NULL,
  actor text NOT NULL,
  tenant_id text,
  ip text,
  user_agent text,
  action text NOT NULL,
  target text NOT NULL,
  before jsonb,
  after jsonb
);
CREATE INDEX operator_entry_actor_id_idx ON operator_entry (actor, id);
CREATE INDEX operator_entry_tenant_id_id_idx ON operator_entry (tenant_id, id);
CREATE TRIGGER operator_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_entry
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

ALTER TABLE operator_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON operator_entry TO holdline_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON operator_entry TO holdline_system;
GRANT USAGE ON SEQUENCE operator_entry_id_seq TO holdline_system;

-- What they did before there was this log.
SET ROLE holdline_system;
INSERT INTO operator_entry (at, actor, tenant_id, ip, user_agent, action, target, before, after)
  SELECT at, actor, tenant_id, ip, user_agent, action, target, before, after
  FROM audit_entry WHERE actor LIKE 'opr\_%' ORDER BY at, tenant_id, seq;
RESET ROLE;
