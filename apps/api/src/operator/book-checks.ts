import type { Reconciliation } from '#contracts';
import type { Tx } from '#database';

/** What is looked at anew whenever somebody asks. */
export type BookCheck = Omit<Reconciliation['checks'][number], 'lastRunAt'>;

const NAMED = 5;

export async function ledgerBalances(tx: Tx): Promise<BookCheck> {
  const [row] = await tx.$queryRaw<{ txs: bigint; wrong: bigint }[]>`
    SELECT count(*) AS txs, count(*) FILTER (WHERE sum <> 0) AS wrong
    FROM (SELECT sum(amount_micro) AS sum FROM entry GROUP BY tx_id, currency) t`;
  const { txs = 0n, wrong = 0n } = row ?? {};
  return {
    name: 'The ledger balances',
    compares: 'The entries of each posting add up to zero in each currency.',
    ...verdict(Number(wrong)),
    found:
      wrong === 0n
        ? `${txs} postings were added up.`
        : `${wrong} of ${txs} postings do not. The database forbids it: restore it from a backup, and find out who wrote past it.`,
  };
}

export async function invoicesAgainstLedger(tx: Tx): Promise<BookCheck> {
  type Row = { tenant: string; owed: string; booked: string; all: bigint };
  const rows = await tx.$queryRaw<Row[]>`
    WITH owed AS (
      SELECT tenant_id, currency, sum(due_micro - paid_micro) AS sum
      FROM invoice WHERE state::text NOT IN ('draft', 'void') GROUP BY 1, 2
    ), booked AS (
      SELECT a.tenant_id, a.currency, sum(e.amount_micro) AS sum
      FROM ledger_account a JOIN entry e ON e.account_id = a.id
      WHERE a.kind::text = 'receivable' GROUP BY 1, 2
    )
    SELECT coalesce(o.tenant_id, b.tenant_id) AS tenant, coalesce(o.sum, 0)::text AS owed,
      coalesce(b.sum, 0)::text AS booked, count(*) OVER () AS all
    FROM owed o FULL JOIN booked b ON (b.tenant_id, b.currency) = (o.tenant_id, o.currency)
    WHERE coalesce(o.sum, 0) <> coalesce(b.sum, 0) ORDER BY 1 LIMIT ${NAMED}`;
  const all = Number(rows[0]?.all ?? 0);
  const named = rows.map(
    ({ tenant, owed, booked }) => `${tenant} (invoices ${owed}, ledger ${booked} millionths)`,
  );
  return {
    name: 'Invoices and ledger agree',
    compares: 'What final invoices still ask for is what the ledger says is receivable.',
    ...verdict(all),
    found:
      all === 0
        ? 'Each tenant’s open invoices add up to its receivable account.'
        : `They differ for ${listed(named, all)}. Look at its ledger.`,
  };
}

export async function paymentsAgree(tx: Tx): Promise<BookCheck> {
  type Row = { id: string; paid: string; payments: string; booked: string; all: bigint };
  const rows = await tx.$queryRaw<Row[]>`
    WITH came AS (
      SELECT p.invoice_id AS id, sum(p.amount_micro) AS sum, coalesce(sum(b.sum), 0) AS booked
      FROM payment p
      LEFT JOIN LATERAL (
        SELECT sum(e.amount_micro) AS sum FROM entry_tx t
        JOIN entry e ON e.tx_id = t.id JOIN ledger_account a ON a.id = e.account_id
        WHERE t.tenant_id = p.tenant_id AND t.ext_ref = 'payment:' || p.ref
          AND a.kind::text = 'cash_clearing'
      ) b ON true
      WHERE p.state::text = 'succeeded' GROUP BY 1
    )
    SELECT i.id, i.paid_micro::text AS paid, coalesce(c.sum, 0)::text AS payments,
      coalesce(c.booked, 0)::text AS booked, count(*) OVER () AS all
    FROM invoice i LEFT JOIN came c ON c.id = i.id
    WHERE i.paid_micro <> coalesce(c.sum, 0) OR coalesce(c.sum, 0) <> coalesce(c.booked, 0)
    ORDER BY i.id LIMIT ${NAMED}`;
  const all = Number(rows[0]?.all ?? 0);
  const named = rows.map(
    ({ id, paid, payments, booked }) =>
      `${id} (it says ${paid}, its payments ${payments}, the ledger ${booked} millionths)`,
  );
  return {
    name: 'Payments agree',
    compares: 'What each invoice says was paid is what its payments and the ledger say.',
    ...verdict(all),
    found:
      all === 0
        ? 'Each payment is on its invoice and in the ledger, once.'
        : `They differ for ${listed(named, all)}. Look at its payments.`,
  };
}

export function nothingUncleared(count: number): BookCheck {
  return {
    name: 'Nothing is left in clearing',
    compares: 'Clearing accounts are at zero once usage is invoiced and money has arrived.',
    ...verdict(count),
    found:
      count === 0
        ? 'All are at zero.'
        : `${count} are not (below). A payment on its way does this for some days; what stays has to be looked at.`,
  };
}

export function verdict(open: number): { open: number; state: 'ok' | 'differs' } {
  return { open, state: open === 0 ? 'ok' : 'differs' };
}

function listed(named: readonly string[], all: number): string {
  const more = all > named.length ? ` and ${all - named.length} more` : '';
  return named.join(', ') + more;
}
