-- Who a user is at the organisation's own sign-in (OpenID Connect).
CREATE TABLE oidc_identity (
  issuer text NOT NULL,
  subject text NOT NULL,
  user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE ON UPDATE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX oidc_identity_user_id_idx ON oidc_identity (user_id);

ALTER TABLE oidc_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE oidc_identity FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON oidc_identity TO holdline_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON oidc_identity TO holdline_system;
