import type { Tx } from '#database';
import type { StripeParts } from './parts.js';

export type DifferenceKind =
  | 'hour'
  | 'invoice_quantity'
  | 'invoice_amount'
  | 'invoice_unknown'
  | 'payment'
  | 'meter_error'
  | 'dispute'
  | 'customer';

export interface Difference {
  /** Names what differs: the same difference is raised once. */
  readonly key: string;
  readonly kind: DifferenceKind;
  readonly tenantId: string | null;
  readonly ours: string;
  readonly theirs: string;
  /** What it means and what to do. */
  readonly note: string;
}

/** Where Stripe and we say different things: kept for the operator, logged as errors, counted. */
export class Differences {
  constructor(private readonly parts: StripeParts) {}

  /** @returns true when it is new, or comes up again with other numbers */
  async raise(difference: Difference): Promise<boolean> {
    const { key, ...rest } = difference;
    const foundAt = new Date(this.parts.now());
    const isNew = await this.parts.database.asSystem(async (tx) => {
      const known = await tx.stripeDifference.findUnique({ where: { key } });
      const isSame = known?.ours === rest.ours && known.theirs === rest.theirs;
      // What a person took for settled stays so until its numbers change.
      if (isSame && (known.settledAt === null || known.settledBy !== null)) return false;
      await tx.stripeDifference.upsert({
        where: { key },
        create: { key, ...rest, foundAt },
        update: { ...rest, foundAt, settledAt: null, settledBy: null, settledNote: null },
      });
      return true;
    });
    if (isNew) {
      this.parts.log.error(
        `Stripe and the ledger differ (${difference.kind}, ${key}): ours ${rest.ours}, theirs ${rest.theirs}. ${rest.note}`,
      );
    }
    return isNew;
  }

  /** Looked at again, and there is no difference any more. */
  async settle(tx: Tx, keys: readonly string[]): Promise<void> {
    await tx.stripeDifference.updateMany({
      where: { key: { in: [...keys] }, settledAt: null },
      data: { settledAt: new Date(this.parts.now()) },
    });
  }

  open(): Promise<number> {
    return this.parts.database.asSystem((tx) =>
      tx.stripeDifference.count({ where: { settledAt: null } }),
    );
  }
}
