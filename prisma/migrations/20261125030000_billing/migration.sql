-- Money is whole micro-units of its currency (1 EUR = 1 000 000). Times are half-open UTC hours.
CREATE TYPE billing_interval AS ENUM ('month', 'year');
CREATE TYPE subscription_state AS ENUM ('trialing', 'active', 'past_due', 'paused', 'cancelled');
CREATE TYPE invoice_state AS ENUM ('draft', 'open', 'paid', 'void');
CREATE TYPE invoice_line_kind AS ENUM ('base', 'usage', 'adjustment', 'discount', 'tax');
CREATE TYPE ledger_account_kind AS ENUM (
  'usage_unbilled', 'receivable', 'revenue', 'credits_granted', 'credits_consumed', 'tax',
  'cash_clearing', 'cash'
);
CREATE TYPE payment_state AS ENUM ('succeeded', 'failed');
CREATE TYPE coupon_duration AS ENUM ('once', 'repeating', 'forever');
CREATE TYPE spend_level AS ENUM ('ok', 'warned', 'degraded', 'stopped');

-- How a tenant is billed. One each; a tenant without a plan has none.
CREATE TABLE subscription (
  tenant_id text PRIMARY KEY REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  plan_id text NOT NULL REFERENCES plan (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  state subscription_state NOT NULL,
  "interval" billing_interval NOT NULL,
  currency text NOT NULL,
  period_start timestamptz(3) NOT NULL,
  period_end timestamptz(3) NOT NULL,
  trial_end timestamptz(3),
  cancel_at timestamptz(3),
  -- As invoice.whole_hours.
  whole_hours integer NOT NULL,
  -- Which PaymentProvider collects.
  provider text NOT NULL,
  -- What the provider calls things: customerId, subscriptionId, …
  external jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT subscription_currency CHECK (currency ~ '^[A-Z]{3}$'),
  CONSTRAINT subscription_period CHECK (period_start < period_end)
);
CREATE INDEX subscription_period_end_idx ON subscription (period_end);
CREATE INDEX subscription_plan_id_idx ON subscription (plan_id);

-- Which prices held from when on, as they were then: a plan that is edited changes no hour that began
-- under its earlier prices. A segment ends where the next one begins.
CREATE TABLE subscription_segment (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  starts_at timestamptz(3) NOT NULL,
  plan_id text NOT NULL REFERENCES plan (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  pricing jsonb NOT NULL,
  "interval" billing_interval NOT NULL,
  currency text NOT NULL,
  -- Nothing is charged: a trial, or time after the end.
  free boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, starts_at),
  CONSTRAINT subscription_segment_whole CHECK (date_trunc('hour', starts_at, 'UTC') = starts_at)
);
CREATE INDEX subscription_segment_plan_id_idx ON subscription_segment (plan_id);

-- Who is billed and how it is taxed.
CREATE TABLE billing_profile (
  tenant_id text PRIMARY KEY REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  currency text NOT NULL DEFAULT 'EUR',
  name text NOT NULL DEFAULT '',
  address text NOT NULL DEFAULT '',
  email text NOT NULL DEFAULT '',
  tax_name text NOT NULL DEFAULT 'VAT',
  -- Hundredths of a per cent.
  tax_basis_points integer NOT NULL DEFAULT 0,
  tax_inclusive boolean NOT NULL DEFAULT false,
  CONSTRAINT billing_profile_tax CHECK (tax_basis_points BETWEEN 0 AND 10000)
);

CREATE TABLE invoice_number (
  year integer PRIMARY KEY,
  last integer NOT NULL
);

CREATE TABLE invoice (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Given when it becomes final, without a gap.
  number text,
  state invoice_state NOT NULL DEFAULT 'draft',
  currency text NOT NULL,
  period_start timestamptz(3) NOT NULL,
  period_end timestamptz(3) NOT NULL,
  -- Hours that the period would have had in full: what a base fee is shared out over.
  whole_hours integer NOT NULL,
  -- 0, and one more each time that a voided invoice of the period is drawn up anew.
  revision integer NOT NULL DEFAULT 0,
  -- A draft takes in what comes late until then.
  finalizes_at timestamptz(3) NOT NULL,
  subtotal_micro bigint NOT NULL DEFAULT 0,
  discount_micro bigint NOT NULL DEFAULT 0,
  tax_micro bigint NOT NULL DEFAULT 0,
  total_micro bigint NOT NULL DEFAULT 0,
  -- What credits paid of it, and what is left to pay.
  credit_micro bigint NOT NULL DEFAULT 0,
  due_micro bigint NOT NULL DEFAULT 0,
  paid_micro bigint NOT NULL DEFAULT 0,
  provider text NOT NULL,
  external jsonb NOT NULL DEFAULT '{}',
  -- Handed to the provider, which answered.
  collected_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  drawn_at timestamptz(3),
  finalized_at timestamptz(3),
  due_at timestamptz(3),
  paid_at timestamptz(3),
  voided_at timestamptz(3),
  CONSTRAINT invoice_final_has_number CHECK ((state = 'draft') = (number IS NULL) OR state = 'void'),
  CONSTRAINT invoice_due CHECK (due_micro = total_micro - credit_micro)
);
CREATE UNIQUE INDEX invoice_number_key ON invoice (number);
CREATE UNIQUE INDEX invoice_tenant_id_id_key ON invoice (tenant_id, id);
CREATE UNIQUE INDEX invoice_tenant_id_period_start_revision_key ON invoice (tenant_id, period_start, revision);
CREATE INDEX invoice_state_finalizes_at_idx ON invoice (state, finalizes_at);

CREATE TABLE invoice_line (
  invoice_id text NOT NULL,
  n integer NOT NULL,
  tenant_id text NOT NULL,
  kind invoice_line_kind NOT NULL,
  description text NOT NULL,
  -- The period that the line counts for: an adjustment belongs to an earlier one.
  period_start timestamptz(3) NOT NULL,
  -- The hours it covers, of one segment.
  from_hour timestamptz(3) NOT NULL,
  to_hour timestamptz(3) NOT NULL,
  plan_id text,
  meter text,
  -- Base units of the meter in these hours, and in the period before them.
  units bigint NOT NULL DEFAULT 0,
  units_before bigint NOT NULL DEFAULT 0,
  amount_micro bigint NOT NULL,
  -- How the amount comes about: tiers, shares, rates.
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (invoice_id, n),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX invoice_line_tenant_id_period_start_idx ON invoice_line (tenant_id, period_start);

-- The units of each hour that a line billed. An adjustment has the differences, so that the sum over
-- all lines is what was billed of an hour.
CREATE TABLE invoice_line_hour (
  invoice_id text NOT NULL,
  n integer NOT NULL,
  tenant_id text NOT NULL,
  hour timestamptz(3) NOT NULL,
  units bigint NOT NULL,
  PRIMARY KEY (invoice_id, n, hour),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (invoice_id, n) REFERENCES invoice_line (invoice_id, n) ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE payment (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  invoice_id text NOT NULL,
  state payment_state NOT NULL,
  amount_micro bigint NOT NULL,
  currency text NOT NULL,
  -- What the one who collected calls it: the same payment is taken once.
  ref text NOT NULL,
  provider text NOT NULL,
  at timestamptz(3) NOT NULL,
  created_by text NOT NULL,
  CONSTRAINT payment_amount CHECK (amount_micro > 0),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX payment_ref_key ON payment (ref);
CREATE INDEX payment_tenant_id_invoice_id_idx ON payment (tenant_id, invoice_id);

-- The ledger: double entry, and nothing in it is ever changed. Debits are positive.
CREATE TABLE ledger_account (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  kind ledger_account_kind NOT NULL,
  currency text NOT NULL,
  CONSTRAINT ledger_account_currency CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE UNIQUE INDEX ledger_account_tenant_id_kind_currency_key ON ledger_account (tenant_id, kind, currency);
CREATE UNIQUE INDEX ledger_account_tenant_id_id_currency_key ON ledger_account (tenant_id, id, currency);

CREATE TABLE entry_tx (
  id bigserial PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Names what happened: the same thing is posted once, however often it is tried.
  ext_ref text NOT NULL,
  kind text NOT NULL,
  at timestamptz(3) NOT NULL,
  reverses bigint
);
CREATE UNIQUE INDEX entry_tx_ext_ref_key ON entry_tx (ext_ref);
CREATE UNIQUE INDEX entry_tx_tenant_id_id_key ON entry_tx (tenant_id, id);
-- Something is reversed once.
CREATE UNIQUE INDEX entry_tx_reverses_key ON entry_tx (reverses);
ALTER TABLE entry_tx ADD FOREIGN KEY (tenant_id, reverses)
  REFERENCES entry_tx (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE entry (
  tx_id bigint NOT NULL,
  n integer NOT NULL,
  tenant_id text NOT NULL,
  account_id text NOT NULL,
  currency text NOT NULL,
  amount_micro bigint NOT NULL,
  PRIMARY KEY (tx_id, n),
  CONSTRAINT entry_amount CHECK (amount_micro <> 0),
  FOREIGN KEY (tenant_id, tx_id) REFERENCES entry_tx (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE,
  FOREIGN KEY (tenant_id, account_id, currency) REFERENCES ledger_account (tenant_id, id, currency)
    ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX entry_account_id_idx ON entry (account_id);

-- At the commit: entries are written one by one, and only the whole balances.
CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  written bigint;
  off record;
BEGIN
  IF TG_TABLE_NAME = 'entry' THEN written := NEW.tx_id; ELSE written := NEW.id; END IF;
  IF NOT EXISTS (SELECT FROM entry WHERE tx_id = written) THEN
    RAISE EXCEPTION 'ledger transaction % has no entries', written USING ERRCODE = 'check_violation';
  END IF;
  SELECT currency, sum(amount_micro) AS total INTO off FROM entry WHERE tx_id = written
    GROUP BY currency HAVING sum(amount_micro) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger transaction % is off by % micro-% ', written, off.total, off.currency
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER entry_balanced AFTER INSERT ON entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced();
CREATE CONSTRAINT TRIGGER entry_tx_balanced AFTER INSERT ON entry_tx
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced();

-- Rights forbid it already; this binds the owner of the tables too.
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append only: correct it by a reversal' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER entry_tx_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry_tx
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_account_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- Nothing joins a transaction of the ledger after its commit: what was balanced stays what it was.
CREATE FUNCTION ledger_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM entry_tx WHERE id = NEW.tx_id AND xmin::text <> (pg_current_xact_id()::xid)::text
  ) THEN
    RAISE EXCEPTION 'ledger transaction % is closed: post a new one', NEW.tx_id
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER entry_closed BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION ledger_closed();

CREATE TABLE credit_grant (
  id text PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  currency text NOT NULL,
  amount_micro bigint NOT NULL,
  remaining_micro bigint NOT NULL,
  reason text NOT NULL,
  -- The same grant is given once.
  ext_ref text NOT NULL,
  expires_at timestamptz(3),
  external jsonb NOT NULL DEFAULT '{}',
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT credit_grant_amount CHECK (amount_micro > 0),
  CONSTRAINT credit_grant_remaining CHECK (remaining_micro BETWEEN 0 AND amount_micro)
);
CREATE UNIQUE INDEX credit_grant_ext_ref_key ON credit_grant (ext_ref);
CREATE INDEX credit_grant_tenant_id_idx ON credit_grant (tenant_id);

-- Which grants paid how much of which invoice.
CREATE TABLE credit_use (
  invoice_id text NOT NULL,
  credit_grant_id text NOT NULL REFERENCES credit_grant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  tenant_id text NOT NULL,
  amount_micro bigint NOT NULL,
  PRIMARY KEY (invoice_id, credit_grant_id),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE coupon (
  code text PRIMARY KEY,
  name text NOT NULL,
  -- One of the two.
  basis_points integer,
  amount_micro bigint,
  currency text,
  duration coupon_duration NOT NULL,
  -- Invoices that it holds for, when repeating.
  invoices integer,
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT coupon_one_kind CHECK ((basis_points IS NULL) <> (amount_micro IS NULL)),
  CONSTRAINT coupon_share CHECK (basis_points BETWEEN 1 AND 10000),
  CONSTRAINT coupon_amount CHECK ((amount_micro IS NULL) = (currency IS NULL) AND amount_micro > 0),
  CONSTRAINT coupon_repeats CHECK ((duration = 'repeating') = (invoices IS NOT NULL))
);

CREATE TABLE tenant_coupon (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  code text NOT NULL REFERENCES coupon (code) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Invoices that it still holds for; NULL: all.
  remaining integer,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (tenant_id, code),
  CONSTRAINT tenant_coupon_remaining CHECK (remaining >= 0)
);

CREATE TABLE budget (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Empty: of the tenant as a whole.
  app_id text NOT NULL,
  amount_micro bigint NOT NULL,
  currency text NOT NULL,
  -- {"windowMs", "conflate"}: how delivery is coalesced from nine tenths on; NULL: not at all.
  degrade jsonb,
  -- At the budget: stop, or go on.
  stop boolean NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (tenant_id, app_id),
  CONSTRAINT budget_amount CHECK (amount_micro > 0)
);

-- What the spend guard found last, for each budget.
CREATE TABLE spend_state (
  tenant_id text NOT NULL REFERENCES tenant (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  app_id text NOT NULL,
  level spend_level NOT NULL,
  used_micro bigint NOT NULL,
  max_micro bigint NOT NULL,
  currency text NOT NULL,
  -- When the period ends, and the level with it.
  reset_at timestamptz(3) NOT NULL,
  window_ms integer,
  conflate text,
  -- Spending has reached the budget, whether it stops there or not.
  reached boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, app_id)
);

-- What a level means is served with the apps; what was spent below it is not.
CREATE FUNCTION spend_state_touch_apps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  tenant text := coalesce(NEW.tenant_id, OLD.tenant_id);
  one text := coalesce(NEW.app_id, OLD.app_id);
BEGIN
  UPDATE app SET name = name WHERE app.tenant_id = tenant AND (one = '' OR app.id = one);
  RETURN NULL;
END
$$;
-- Not for used_micro, which changes every few seconds: nobody waits for the configuration lock then.
CREATE TRIGGER spend_state_version_lock
  BEFORE INSERT OR UPDATE OF level, max_micro, reset_at, window_ms, conflate OR DELETE ON spend_state
  FOR EACH STATEMENT EXECUTE FUNCTION config_version_lock();
CREATE TRIGGER spend_state_added AFTER INSERT ON spend_state
  FOR EACH ROW WHEN (NEW.level IN ('degraded', 'stopped')) EXECUTE FUNCTION spend_state_touch_apps();
CREATE TRIGGER spend_state_changed AFTER UPDATE ON spend_state
  FOR EACH ROW WHEN (
    (OLD.level IN ('degraded', 'stopped') OR NEW.level IN ('degraded', 'stopped'))
    AND (OLD.level, OLD.max_micro, OLD.reset_at, OLD.window_ms, OLD.conflate)
      IS DISTINCT FROM (NEW.level, NEW.max_micro, NEW.reset_at, NEW.window_ms, NEW.conflate)
  ) EXECUTE FUNCTION spend_state_touch_apps();
CREATE TRIGGER spend_state_removed AFTER DELETE ON spend_state
  FOR EACH ROW WHEN (OLD.level IN ('degraded', 'stopped')) EXECUTE FUNCTION spend_state_touch_apps();

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'subscription', 'subscription_segment', 'billing_profile', 'invoice', 'invoice_line',
    'invoice_line_hour', 'payment', 'ledger_account', 'entry_tx', 'entry', 'credit_grant',
    'credit_use', 'tenant_coupon', 'budget', 'spend_state', 'coupon', 'invoice_number'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY system ON %I TO holdline_system USING (true) WITH CHECK (true)', name);
    IF name NOT IN ('coupon', 'invoice_number') THEN
      EXECUTE format(
        'CREATE POLICY own_tenant ON %I TO holdline_app USING (tenant_id = current_setting(''app.tenant_id'', true))
         WITH CHECK (tenant_id = current_setting(''app.tenant_id'', true))', name);
      EXECUTE format('GRANT SELECT ON %I TO holdline_app', name);
    END IF;
  END LOOP;
END
$$;

-- A tenant sets its budgets; all else of money it reads.
GRANT INSERT, UPDATE, DELETE ON budget TO holdline_app;
GRANT SELECT, INSERT, UPDATE ON subscription, billing_profile, invoice, payment, credit_grant, coupon,
  tenant_coupon, invoice_number TO holdline_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON subscription_segment, budget, spend_state TO holdline_system;
GRANT DELETE ON tenant_coupon TO holdline_system;
GRANT SELECT, INSERT, DELETE ON invoice_line, invoice_line_hour, credit_use TO holdline_system;
GRANT SELECT, INSERT ON ledger_account, entry_tx, entry TO holdline_system;
GRANT USAGE ON SEQUENCE entry_tx_id_seq TO holdline_system;

-- A final invoice's lines are what was billed: they neither change nor go.
CREATE FUNCTION invoice_lines_final() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of text := coalesce(NEW.invoice_id, OLD.invoice_id);
BEGIN
  IF EXISTS (SELECT FROM invoice WHERE id = of AND state <> 'draft') THEN
    RAISE EXCEPTION 'invoice % is final: correct it by an adjustment', of USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER invoice_line_final BEFORE INSERT OR UPDATE OR DELETE ON invoice_line
  FOR EACH ROW EXECUTE FUNCTION invoice_lines_final();
CREATE TRIGGER invoice_line_hour_final BEFORE INSERT OR UPDATE OR DELETE ON invoice_line_hour
  FOR EACH ROW EXECUTE FUNCTION invoice_lines_final();
