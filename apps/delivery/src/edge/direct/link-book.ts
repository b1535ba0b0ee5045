import { LINK_ENDS, linkChannel, Problem, type LinkBody, type LinkEnd } from '#contracts';
import type { Clock, Mediator } from '#mediator';
import { z } from 'zod';

const YEAR_SECONDS = 31_536_000;
/** A link that is used is written anew when it is older than this, so that its year never ends. */
const RENEW_MS = 30 * 86_400_000;

const Written = z.object({
  createdAt: z.number(),
  writtenAt: z.number(),
  a: z.string().nullable(),
  b: z.string().nullable(),
});
/** Who may use each end (null: whoever has the right), and when the link was made. */
export type LinkRecord = z.output<typeof Written>;

const Page = z.object({
  messages: z.array(z.object({ position: z.number(), data: Written.nullable() })),
});

interface Entry {
  readonly record: LinkRecord | null;
  readonly position: number;
}

/**
 * The links of every app, each the last message of a channel of its own in the log: as durable as
 * messages are, and known to every node. No request can name such a channel.
 */
export class LinkBook {
  constructor(
    private readonly mediator: Mediator,
    private readonly clock: Clock,
  ) {}

  async find(app: string, link: string): Promise<LinkRecord | null> {
    const { record, position } = await this.read(app, link);
    if (record && this.clock.now() - record.writtenAt > RENEW_MS) {
      // Who is faster has done it for everybody.
      await this.write(app, link, { ...record, writtenAt: this.clock.now() }, position);
    }
    return record;
  }

  /** Makes a link or changes its ends. */
  async put(
    app: string,
    link: string,
    body: LinkBody,
  ): Promise<{ record: LinkRecord; isNew: boolean }> {
    for (let known: number | null = null; ;) {
      const { record, position } = await this.read(app, link);
      const now = this.clock.now();
      const next: LinkRecord = {
        createdAt: record?.createdAt ?? now,
        writtenAt: now,
        a: body.a?.clientId ?? null,
        b: body.b?.clientId ?? null,
      };
      if (record && record.a === next.a && record.b === next.b) return { record, isNew: false };
      // Somebody else was faster: what they wrote is looked at before it is written over.
      known = await this.write(app, link, next, Math.max(position, known ?? 0));
      if (known === null) return { record: next, isNew: record === null };
    }
  }

  /** Removes a link and the messages of its ends; false if there was none. */
  async remove(app: string, link: string): Promise<boolean> {
    for (let known: number | null = null; ;) {
      const { record, position } = await this.read(app, link);
      if (!record) return false;
      // First the messages: done after, it could take those of a link that was made anew meanwhile.
      for (const end of LINK_ENDS) await this.mediator.purge(app, linkChannel(link, end));
      known = await this.write(app, link, null, Math.max(position, known ?? 0));
      if (known === null) return true;
    }
  }

  private async read(app: string, link: string): Promise<Entry> {
    const { body } = await this.mediator.history({
      app,
      channel: channelOf(link),
      before: null,
      after: null,
      limit: 1,
      order: 'newest',
    });
    const [last] = Page.parse(JSON.parse(body.toString('utf8'))).messages;
    return { record: last?.data ?? null, position: last?.position ?? 0 };
  }

  /** Writes after the entry at `position`; what stands there instead, if another one does. */
  private async write(
    app: string,
    link: string,
    data: LinkRecord | null,
    position: number,
  ): Promise<number | null> {
    try {
      await this.mediator.publish({
        app,
        channel: channelOf(link),
        clientId: null,
        messages: [{ data, ifPosition: position }],
        retention: { seconds: YEAR_SECONDS, messages: 1 },
      });
      return null;
    } catch (error) {
      const other = error instanceof Problem ? error.extras.position : undefined;
      if (other === undefined) throw error;
      return other;
    }
  }
}

export function clientOfEnd(record: LinkRecord, end: LinkEnd): string | null {
  return end === 'a' ? record.a : record.b;
}

/** A channel's name from outside holds no control character. */
function channelOf(link: string): string {
  return `\u0001link:${link}`;
}
