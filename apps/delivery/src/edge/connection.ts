import type { Socket } from 'node:net';
import type { ParsedReceive, ReceivePlan } from './receive-plan.js';

const CONNECTION = Symbol('connection');
type Remembering = Socket & { [CONNECTION]?: Connection };

/** What is remembered of a connection from request to request. It carries no rights: each request brings its own. */
export class Connection {
  /** Where it comes from. */
  peer: string | null = null;
  private plan: ReceivePlan | null = null;

  static of(socket: Socket): Connection {
    return ((socket as Remembering)[CONNECTION] ??= new Connection());
  }

  /**
   * A receiver follows the `next` link of the last answer, where only the cursor is another. That link
   * has no `from`, which says where channels begin that the cursor does not know.
   */
  remember(plan: ReceivePlan): void {
    this.plan = plan.from.kind === 'now' ? plan : null;
  }

  /** The same receive from a new cursor; null: the URL is another, or has to be read with more care. */
  recall(method: string, url: string): ParsedReceive | null {
    const { plan } = this;
    if (plan === null || method !== 'GET' || !url.startsWith(plan.nextUrl)) return null;
    const cursor = url.slice(plan.nextUrl.length);
    return cursor === '' || /[&%+]/.test(cursor) ? null : { plan, cursor };
  }
}
