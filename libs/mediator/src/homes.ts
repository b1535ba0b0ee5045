import type { Problem } from '#contracts';
import type { Directory } from '#engine';
import { Timed } from './deadlines.js';
import type { Deadlines } from './deadlines.js';
import { FirstNames, type NamePage } from './first-names.js';
import type { Answer, Hold, Receiver, Subscription } from './types.js';

/** Milliseconds that a client keeps its home after its last poll: the gap between two polls is no leave. */
const GRACE_MS = 15_000;
/** Names looked at before others have their turn. */
const AT_ONCE = 10_000;

/** A client that this node is the home of. */
class Guest extends Timed {
  /** Requests held for it. */
  holds = 0;

  constructor(
    readonly app: string,
    readonly client: string,
    private readonly onGone: (guest: Guest) => void,
  ) {
    super();
  }

  expire(): void {
    this.onGone(this);
  }
}

/**
 * The clients that poll here. A poll whose credential says who its client is makes this node the
 * client's home, until the grace after its last poll is over. Polls of nobody cost nothing.
 */
export class Homes {
  private readonly apps = new Map<string, Map<string, Guest>>();
  private isClosed = false;

  constructor(
    private readonly directory: Directory,
    private readonly deadlines: Deadlines,
  ) {}

  /** What to put in front of a receiver whose clients come home with its poll; null if there are none. */
  visit(subscriptions: readonly Subscription[], receiver: Receiver): Visit | null {
    let guests: Guest[] | null = null;
    if (this.isClosed) return null;
    for (const { owner } of subscriptions) {
      if (owner.clientId === null) continue;
      const guest = this.guest(owner.appId, owner.clientId);
      guests ??= [];
      if (guests.includes(guest)) continue;
      if (guest.holds === 0) this.deadlines.disarm(guest);
      guest.holds += 1;
      guests.push(guest);
    }
    return guests && new Visit(guests, receiver, this);
  }

  leave(guests: readonly Guest[]): void {
    for (const guest of guests) {
      guest.holds -= 1;
      if (guest.holds === 0) this.deadlines.arm(guest, GRACE_MS);
    }
  }

  holdsOf(app: string, client: string): number {
    return this.apps.get(app)?.get(client)?.holds ?? 0;
  }

  /** The clients that are at home on this node, by name, and one more than the limit if there are more. */
  async page(app: string, page: NamePage): Promise<{ clientId: string; holds: number }[]> {
    const first = new FirstNames(page);
    let seen = 0;
    for (const name of this.apps.get(app)?.keys() ?? []) {
      first.offer(name);
      if (++seen % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return first.names.map((clientId) => ({ clientId, holds: this.holdsOf(app, clientId) }));
  }

  /** This node stops: its clients are no longer at home here. */
  close(): void {
    this.isClosed = true;
    for (const clients of [...this.apps.values()])
      for (const guest of [...clients.values()]) this.remove(guest);
  }

  private guest(app: string, client: string): Guest {
    let clients = this.apps.get(app);
    if (!clients) this.apps.set(app, (clients = new Map<string, Guest>()));
    let guest = clients.get(client);
    if (!guest) {
      guest = new Guest(app, client, (gone) => this.remove(gone));
      clients.set(client, guest);
    }
    // Also for one that is known: it may have polled elsewhere meanwhile.
    this.directory.claim(app, client);
    return guest;
  }

  private remove(guest: Guest): void {
    this.deadlines.disarm(guest);
    const clients = this.apps.get(guest.app);
    if (clients?.get(guest.client) !== guest) return;
    clients.delete(guest.client);
    if (clients.size === 0) this.apps.delete(guest.app);
    this.directory.release(guest.app, guest.client);
  }
}

/** One poll of clients that have a home: tells when it is over. */
export class Visit implements Receiver, Hold {
  private hold: Hold | null = null;
  private isOver = false;

  constructor(
    private readonly guests: readonly Guest[],
    private readonly receiver: Receiver,
    private readonly homes: Homes,
  ) {}

  held(hold: Hold): this {
    this.hold = hold;
    return this;
  }

  answer(answer: Answer): void {
    this.leave();
    this.receiver.answer(answer);
  }

  refuse(problem: Problem): void {
    this.leave();
    this.receiver.refuse(problem);
  }

  cancel(): void {
    this.leave();
    this.hold?.cancel();
  }

  private leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.homes.leave(this.guests);
  }
}
