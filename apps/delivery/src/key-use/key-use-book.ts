import { AGENT_LENGTH, KEY_CALLERS, type KeyUseRow, type KeyUses } from '#contracts';
import type { Principal } from '#access';
import type { Clock } from '#mediator';

/** Keys remembered: beyond it the one that began to be used longest ago is forgotten. */
const KEYS = 20_000;

interface Caller {
  readonly address: string;
  readonly agent: string;
  readonly firstAt: number;
  lastAt: number;
}

/** Of the key's tokens: whoever came last. */
interface TokenUse {
  address: string;
  agent: string;
  client: string | null;
  readonly firstAt: number;
  lastAt: number;
}

interface KeyUse {
  readonly app: string;
  readonly callers: Caller[];
  token: TokenUse | null;
}

type Who = Pick<Principal, 'appId' | 'keyId' | 'kind' | 'clientId'>;

/**
 * Who used which key lately, in memory. Noting costs a look-up and a walk over a handful of callers, and
 * makes nothing where the same one comes again. The control plane reads it every few seconds and keeps it.
 */
export class KeyUseBook {
  private readonly keys = new Map<string, KeyUse>();

  constructor(
    private readonly clock: Clock,
    private readonly mostKeys = KEYS,
  ) {}

  note(who: Who, address: string, userAgent: string | undefined): void {
    // A token signed by a customer's own key has no API key behind it.
    if (who.keyId.startsWith('jwk:')) return;
    const use = this.keys.get(who.keyId) ?? this.begin(who);
    const now = this.clock.now();
    const agent =
      userAgent === undefined
        ? ''
        : userAgent.length > AGENT_LENGTH
          ? userAgent.slice(0, AGENT_LENGTH)
          : userAgent;
    if (who.kind === 'token') noteToken(use, who.clientId, address, agent, now);
    else noteCaller(use.callers, address, agent, now);
  }

  /** What was used at `since` or later. */
  since(since: number): KeyUses {
    const rows: KeyUseRow[] = [];
    for (const [key, { app, callers, token }] of this.keys) {
      for (const caller of callers)
        if (caller.lastAt >= since) rows.push({ app, key, via: 'key', client: null, ...caller });
      if (token && token.lastAt >= since) rows.push({ app, key, via: 'token', ...token });
    }
    return { asOf: this.clock.now(), rows };
  }

  private begin({ keyId, appId }: Who): KeyUse {
    if (this.keys.size >= this.mostKeys) this.keys.delete(this.keys.keys().next().value as string);
    const use: KeyUse = { app: appId, callers: [], token: null };
    this.keys.set(keyId, use);
    return use;
  }
}

function noteToken(
  use: KeyUse,
  client: string | null,
  address: string,
  agent: string,
  now: number,
): void {
  const { token } = use;
  if (token === null) {
    use.token = { address, agent, client, firstAt: now, lastAt: now };
    return;
  }
  token.address = address;
  token.agent = agent;
  token.client = client;
  token.lastAt = now;
}

function noteCaller(callers: Caller[], address: string, agent: string, now: number): void {
  let oldest = 0;
  for (let i = 0; i < callers.length; i++) {
    const caller = callers[i] as Caller;
    if (caller.address === address && caller.agent === agent) {
      caller.lastAt = now;
      return;
    }
    if (caller.lastAt < (callers[oldest] as Caller).lastAt) oldest = i;
  }
  if (callers.length >= KEY_CALLERS) callers.splice(oldest, 1);
  callers.push({ address, agent, firstAt: now, lastAt: now });
}
