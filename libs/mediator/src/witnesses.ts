import type { ChannelRef } from '#engine';

interface Seen {
  readonly from: number;
  readonly to: number;
  readonly holds: number;
}

/** Notes the answers that go out with a channel's messages while one of them is being stored. */
export class Witness {
  private readonly seen: Seen[] = [];

  constructor(private readonly onClose: () => void) {}

  saw(from: number, to: number, holds: number): void {
    this.seen.push({ from, to, holds });
  }

  /** Holds whose answer brought the message at this position. */
  holdsAt(position: number): number {
    let sum = 0;
    for (const { from, to, holds } of this.seen) {
      if (from < position && position <= to) sum += holds;
    }
    return sum;
  }

  close(): void {
    this.onClose();
  }
}

/** Who wants to know, at this moment, whom a message reaches. Mostly nobody: then nothing is noted. */
export class Witnesses {
  private readonly open = new Map<string, Set<Witness>>();

  watch(ref: ChannelRef): Witness {
    const key = keyOf(ref);
    const witness = new Witness(() => {
      const others = this.open.get(key);
      others?.delete(witness);
      if (others?.size === 0) this.open.delete(key);
    });
    const others = this.open.get(key);
    if (others) others.add(witness);
    else this.open.set(key, new Set([witness]));
    return witness;
  }

  saw(ref: ChannelRef, from: number, to: number, holds: number): void {
    if (this.open.size === 0) return;
    for (const witness of this.open.get(keyOf(ref)) ?? []) witness.saw(from, to, holds);
  }
}

/** With its length, so that no choice of names can make one channel look like another. */
function keyOf({ app, name }: ChannelRef): string {
  return `${app.length}:${app}${name}`;
}
