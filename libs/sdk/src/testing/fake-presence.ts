import type { PresenceChange, PresenceMember } from '../presence-members.js';
import type { Fetch } from '../transport.js';

interface Poll {
  readonly cursor?: string;
  readonly presence?: Record<string, unknown>;
  readonly presenceEvents?: boolean;
  readonly filter?: object;
  readonly wait: number;
}

/** Presence of one channel as the data plane serves it, in memory, behind a `fetch`. */
export class FakePresence {
  readonly channel: string;
  readonly polls: Poll[] = [];
  readonly others: string[] = [];
  readonly members = new Map<string, PresenceMember>();
  readonly changes: PresenceChange[] = [];
  /** The answer to the next requests, instead of what is asked. */
  readonly refusals: { status: number; body: object }[] = [];
  /** Changes up to here are no longer kept. */
  kept = 0;
  /** Whose token it is. */
  client = 'me';
  readonly #held = new Set<() => void>();

  constructor(channel: string) {
    this.channel = channel;
  }

  get version(): number {
    return this.changes.length;
  }

  get holds(): number {
    return this.#held.size;
  }

  put(clientId: string, data: unknown = null): void {
    const isNew = !this.members.has(clientId);
    if (JSON.stringify(this.members.get(clientId)?.data) === JSON.stringify(data)) return;
    const member = { clientId, data, since: '2026-01-01T00:00:00.000Z' };
    this.members.set(clientId, member);
    this.tell(isNew ? { joined: [member] } : { updated: [member] });
  }

  remove(clientId: string): void {
    if (this.members.delete(clientId)) this.tell({ left: [{ clientId }] });
  }

  tell(change: Partial<PresenceChange>): void {
    const { channel, version } = this;
    const none = { joined: [], left: [], updated: [] };
    const place = { type: 'presence', channel, version: version + 1, previous: version } as const;
    this.changes.push({ ...place, ...none, ...change });
    for (const end of [...this.#held]) end();
  }

  readonly fetch: Fetch = async (url, { method = 'GET', body, signal }) => {
    const { pathname } = new URL(url);
    await Promise.resolve();
    const refusal = this.refusals.shift();
    if (refusal) return Response.json(refusal.body, { status: refusal.status });
    if (pathname === '/v1/poll') return this.#poll(JSON.parse(body as string) as Poll, signal!);
    this.others.push(`${method} ${pathname}`);
    const clientId = decodeURIComponent(pathname.split('/')[5] ?? '');
    if (method === 'DELETE') {
      this.remove(clientId);
      return new Response(null, { status: 204 });
    }
    if (method === 'PUT') {
      this.put(clientId, (JSON.parse(body as string) as { data: unknown }).data);
      return Response.json({ clientId });
    }
    const { version } = this;
    return Response.json({ members: [...this.members.values()], count: 0, version, epoch: 'e' });
  };

  #poll(poll: Poll, signal: AbortSignal): Promise<Response> {
    this.polls.push(poll);
    const data = poll.presence?.[this.channel];
    if (data !== undefined) this.put(this.client, data);
    const from = poll.cursor === undefined ? this.version : Number(poll.cursor);
    const answer = (): Response => {
      const lost = from < this.kept ? { reason: 'retention' } : null;
      const messages = poll.presenceEvents ? this.changes.slice(Math.max(from, this.kept)) : [];
      const presence = { [this.channel]: { epoch: 'e', from, to: this.version, lost } };
      const timedOut = messages.length === 0 && !lost;
      const cursor = String(this.version);
      return Response.json({ messages, cursor, timedOut, channels: {}, presence });
    };
    const hasNews = poll.presenceEvents === true && from < this.version;
    if (poll.wait === 0 || hasNews) return Promise.resolve(answer());
    return new Promise((resolve, reject) => {
      const end = (): void => {
        if (!poll.presenceEvents) return;
        this.#held.delete(end);
        resolve(answer());
      };
      this.#held.add(end);
      signal.addEventListener('abort', () => {
        this.#held.delete(end);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }
}
