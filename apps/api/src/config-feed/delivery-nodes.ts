/** A node that has not asked for this long is gone, and nobody waits for it. Its polls last 25 s. */
const GONE_MS = 40_000;
const NODES_KEPT = 1000;

export interface DeliveryNode {
  /** The version it had when it last asked. */
  version: number;
  seenAt: number;
}

/**
 * Which configuration each delivery node has, known from what it asks for. So the answer to a change
 * can wait until the change counts: a key works as soon as its maker reads it.
 */
export class DeliveryNodes {
  private readonly nodes = new Map<string, DeliveryNode>();
  private readonly waiting = new Set<() => void>();

  constructor(private readonly now: () => number) {}

  /** A node asks for what is newer than `version`, so it has that one. */
  heard(id: string, version: number): void {
    this.nodes.delete(id);
    this.nodes.set(id, { version, seenAt: this.now() });
    if (this.nodes.size > NODES_KEPT) this.nodes.delete(this.nodes.keys().next().value as string);
    for (const look of [...this.waiting]) look();
  }

  /** Resolves when every node has `version`, or after `timeoutMs`: a change is never refused for a slow node. */
  whenAllHave(version: number, timeoutMs: number): Promise<void> {
    if (this.allHave(version)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve();
      };
      const look = () => {
        if (this.allHave(version)) done();
      };
      const timer = setTimeout(done, timeoutMs);
      this.waiting.add(look);
    });
  }

  /** Who asked lately, the newest last. */
  list(): readonly (DeliveryNode & { readonly id: string; readonly isGone: boolean })[] {
    const oldest = this.now() - GONE_MS;
    return [...this.nodes].map(([id, node]) => ({ id, ...node, isGone: node.seenAt < oldest }));
  }

  private allHave(version: number): boolean {
    const oldest = this.now() - GONE_MS;
    for (const [id, node] of this.nodes) {
      if (node.seenAt < oldest) this.nodes.delete(id);
      else if (node.version < version) return false;
    }
    return true;
  }
}
