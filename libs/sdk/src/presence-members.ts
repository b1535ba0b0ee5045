/** Somebody who is present in a channel. */
export interface PresenceMember<T = unknown> {
  readonly clientId: string;
  /** null where none was given. */
  readonly data: T;
  /** RFC 3339. */
  readonly since: string;
}

/** `present`: was there when watching began. */
export interface PresenceEvent<T = unknown> extends PresenceMember<T> {
  readonly action: 'present' | 'enter' | 'update' | 'leave';
}

export type PresenceHandler<T = unknown> = (event: PresenceEvent<T>) => void;

/** Changes of a window of time, as an answer brings them. */
export interface PresenceChange {
  readonly type: 'presence';
  readonly channel: string;
  readonly version: number;
  readonly previous: number;
  /** Forget everybody: those named here and later are there. */
  readonly reset?: true;
  readonly joined: readonly PresenceMember[];
  readonly left: readonly { readonly clientId: string }[];
  readonly updated: readonly PresenceMember[];
}

/** Who is present in one channel: a list, and the changes after it. Pure. */
export class Members {
  #version = 0;
  #isListed = false;
  #members = new Map<string, PresenceMember>();
  /** A list is needed: there was none yet, or changes are missing. */
  isStale = true;

  /** The whole truth as of `version`. @returns what that changes. */
  list(members: readonly PresenceMember[], version: number): PresenceEvent[] {
    const events = this.#replace(members, this.#isListed ? 'enter' : 'present');
    this.#isListed = true;
    this.isStale = false;
    this.#version = version;
    return events;
  }

  /** @returns what happened; nothing where the list knew it already or changes before it are missing. */
  apply(change: PresenceChange): PresenceEvent[] {
    const { version, previous, reset, joined, left, updated } = change;
    if (this.isStale || version <= this.#version) return [];
    if (reset) {
      this.#version = version;
      return this.#replace([...joined, ...updated], 'enter');
    }
    if (previous > this.#version) {
      this.isStale = true;
      return [];
    }
    this.#version = version;
    const events: PresenceEvent[] = [];
    for (const member of [...joined, ...updated]) events.push(...this.#put(member, 'enter'));
    for (const { clientId } of left) {
      const member = this.#members.get(clientId);
      if (member) events.push({ action: 'leave', ...member });
      this.#members.delete(clientId);
    }
    return events;
  }

  #replace(members: readonly PresenceMember[], isNew: 'present' | 'enter'): PresenceEvent[] {
    const before = this.#members;
    this.#members = new Map(before);
    const there = new Set(members.map(({ clientId }) => clientId));
    const events: PresenceEvent[] = [];
    for (const [clientId, member] of before) {
      if (there.has(clientId)) continue;
      this.#members.delete(clientId);
      events.push({ action: 'leave', ...member });
    }
    for (const member of members) events.push(...this.#put(member, isNew));
    return events;
  }

  #put(member: PresenceMember, isNew: 'present' | 'enter'): PresenceEvent[] {
    const known = this.#members.get(member.clientId);
    this.#members.set(member.clientId, member);
    if (!known) return [{ action: isNew, ...member }];
    const isSame = JSON.stringify(known.data) === JSON.stringify(member.data);
    return isSame ? [] : [{ action: 'update', ...member }];
  }
}
