import { Inject, Injectable } from '@nestjs/common';
import { AGENT_LENGTH, type KeyUse, type KeyUseRow } from '#contracts';
import { Database, type Tx } from '#database';

/** How long a caller is remembered, and how many of one key. */
const KEPT_MS = 90 * 86_400_000;
const KEPT_CALLERS = 50;
const NOTED_MS = 60_000;
const MOST_NOTED = 10_000;

/** By whom each key was used: told by delivery every few seconds, and noted here for the control plane. */
@Injectable()
export class KeyUseStore {
  /** Who used the control plane with which key in the last minute, and was noted. */
  private readonly noted = new Map<string, number>();

  constructor(@Inject(Database) private readonly database: Database) {}

  /** A use of the control plane itself: written at most once a minute, and nobody waits for it. */
  note(key: { id: string; appId: string }, address: string, userAgent: string, now: number): void {
    const agent = userAgent.slice(0, AGENT_LENGTH);
    const who = `${key.id} ${address} ${agent}`;
    if (now - (this.noted.get(who) ?? -Infinity) < NOTED_MS) return;
    if (this.noted.size >= MOST_NOTED) this.noted.clear();
    this.noted.set(who, now);
    const times = { firstAt: now, lastAt: now };
    const row = { app: key.appId, key: key.id, via: 'key' as const, address, agent, client: null };
    // For looking at: the request goes on without it.
    void this.put([{ ...row, ...times }]).catch(() => undefined);
  }

  /** The same rows again change nothing; those of keys that are gone are left out. */
  async put(rows: readonly KeyUseRow[]): Promise<void> {
    if (rows.length === 0) return;
    const told = rows.map((row) => ({
      ...row,
      caller: row.via === 'token' ? 'token' : `${row.address} ${row.agent}`,
    }));
    await this.database.asSystem((tx) => upsert(tx, JSON.stringify(told)));
  }

  async sweep(now: number): Promise<void> {
    await this.database.asSystem(async (tx) => {
      await tx.keyUse.deleteMany({ where: { lastAt: { lt: new Date(now - KEPT_MS) } } });
      await tx.$executeRaw`
        DELETE FROM key_use WHERE (tenant_id, key_id, caller) IN (
          SELECT tenant_id, key_id, caller FROM (
            SELECT tenant_id, key_id, caller,
              row_number() OVER (PARTITION BY tenant_id, key_id ORDER BY last_at DESC) AS n
            FROM key_use
          ) numbered WHERE n > ${KEPT_CALLERS}
        )`;
    });
  }
}

/** When each of these keys was used last. */
export async function lastUses(tx: Tx, keyIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.keyUse.groupBy({
    by: ['keyId'],
    where: { keyId: { in: [...keyIds] } },
    _max: { lastAt: true },
  });
  return new Map(
    rows.flatMap(({ keyId, _max }) => (_max.lastAt ? [[keyId, _max.lastAt.toISOString()]] : [])),
  );
}

/** Who used a key, the last one first. */
export async function callersOf(tx: Tx, keyId: string): Promise<KeyUse['callers']> {
  const rows = await tx.keyUse.findMany({
    where: { keyId },
    orderBy: [{ lastAt: 'desc' }, { caller: 'asc' }],
    take: KEPT_CALLERS,
  });
  return rows.map(({ via, address, userAgent, clientId, firstAt, lastAt }) => ({
    via: via as 'key' | 'token',
    address,
    userAgent,
    clientId,
    firstSeenAt: firstAt.toISOString(),
    lastSeenAt: lastAt.toISOString(),
  }));
}

async function upsert(tx: Tx, rows: string): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO key_use AS known
      (tenant_id, app_id, key_id, caller, via, address, user_agent, client_id, first_at, last_at)
    SELECT DISTINCT ON (k.tenant_id, k.id, r.caller) k.tenant_id, k.app_id, k.id, r.caller, r.via,
      r.address, r.agent, r.client, to_timestamp(r."firstAt" / 1000.0), to_timestamp(r."lastAt" / 1000.0)
    FROM jsonb_to_recordset(${rows}::jsonb) AS r (
      app text, key text, caller text, via text, address text, agent text, client text,
      "firstAt" bigint, "lastAt" bigint)
    JOIN api_key k ON k.id = r.key AND k.app_id = r.app
    ORDER BY k.tenant_id, k.id, r.caller, r."lastAt" DESC
    ON CONFLICT (tenant_id, key_id, caller) DO UPDATE SET
      address = excluded.address, user_agent = excluded.user_agent, client_id = excluded.client_id,
      first_at = least(known.first_at, excluded.first_at), last_at = excluded.last_at
    WHERE known.last_at < excluded.last_at`;
}
