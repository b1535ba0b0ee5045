import { Directory } from './port.js';
import type { Home } from './port.js';

/** What several nodes share in tests; a single node has one of its own. */
export type SharedHomes = Map<string, Home>;

/** The directory of an engine whose nodes all live in one process: gone with it, as leases are. */
export class MemoryDirectory extends Directory {
  constructor(
    private readonly node: string,
    private readonly clock: { now(): number },
    private readonly homes: SharedHomes = new Map<string, Home>(),
  ) {
    super();
  }

  claim(app: string, client: string): void {
    const key = keyOf(app, client);
    if (this.homes.get(key)?.node === this.node) return;
    this.homes.set(key, { node: this.node, since: this.clock.now() });
  }

  release(app: string, client: string): void {
    const key = keyOf(app, client);
    if (this.homes.get(key)?.node === this.node) this.homes.delete(key);
  }

  async find(app: string, client: string): Promise<Home | null> {
    return this.homes.get(keyOf(app, client)) ?? null;
  }
}

/** With its length, so that no choice of names can make one pair look like another. */
function keyOf(app: string, client: string): string {
  return `${app.length}:${app}${client}`;
}
