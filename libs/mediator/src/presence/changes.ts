import type { Member } from './member.js';
import type { MemberList } from './member-list.js';

/** Bytes of changes in one item; what does not fit waits for the next window. */
const ITEM_BYTES = 512 * 1024;

/** What an item says, and of whom, in case that it could not be stored. */
export interface Draft {
  readonly payload: Buffer;
  /** Clients in it. */
  readonly size: number;
  readonly taken: ReadonlyMap<string, Taken>;
  readonly isReset: boolean;
  /** Members there are. */
  readonly count: number;
}

interface Taken {
  readonly was: boolean;
  readonly is: boolean;
}

/**
 * The clients of a channel that came, left or changed since the last item. Only who they are and what
 * had been told of them: an item says how things stand when it is made, so that whoever applies items
 * in turn to a list of any moment arrives at the truth.
 */
export class Changes {
  /** Client id → whether readers have been told that it is there. */
  private told = new Map<string, boolean>();
  /** The members were listed, so that somebody may know of one whose coming was not told. */
  private wereListed = false;
  /** The next item says that nobody is there but whom it and later ones name. */
  private isReset = false;

  get isEmpty(): boolean {
    return this.told.size === 0 && !this.isReset;
  }

  /** Before the change: whether the client is there by now is asked for when the item is made. */
  note(clientId: string, wasThere: boolean): void {
    if (!this.told.has(clientId)) this.told.set(clientId, wasThere);
  }

  noteListed(): void {
    if (this.told.size > 0) this.wereListed = true;
  }

  /** All who are there are named anew. */
  reset(members: Iterable<Member>): void {
    for (const { clientId } of members) this.note(clientId, true);
    this.isReset = true;
  }

  /** Takes out what one item can say; null if all that happened has undone itself. */
  take(members: MemberList): Draft | null {
    const joined: string[] = [];
    const left: string[] = [];
    const updated: string[] = [];
    const taken = new Map<string, Taken>();
    let bytes = 0;
    for (const [clientId, was] of this.told) {
      if (bytes >= ITEM_BYTES) break;
      const member = members.get(clientId);
      taken.set(clientId, { was, is: member !== undefined });
      let text = '';
      if (member) (was ? updated : joined).push((text = member.text));
      else if (was || this.wereListed) {
        left.push((text = `{"clientId":${JSON.stringify(clientId)}}`));
      }
      bytes += Buffer.byteLength(text);
    }
    for (const clientId of taken.keys()) this.told.delete(clientId);
    if (this.told.size === 0) this.wereListed = false;
    const { isReset } = this;
    this.isReset = false;
    if (bytes === 0 && !isReset) return null;
    const payload = Buffer.from(
      `"type":"presence","count":${members.size},${isReset ? '"reset":true,' : ''}` +
        `"joined":[${joined.join()}],"left":[${left.join()}],"updated":[${updated.join()}]`,
    );
    const size = joined.length + left.length + updated.length;
    return { payload, size, taken, isReset, count: members.size };
  }

  /** The item was not stored, or may not have been: all of it is to be said again. */
  putBack(draft: Draft, mayBeStored: boolean): void {
    for (const [clientId, { was, is }] of draft.taken) {
      this.told.set(clientId, was || (mayBeStored && is));
    }
    if (draft.isReset) this.isReset = true;
    // Who came and left meanwhile could have been listed.
    this.wereListed = true;
  }
}

/** How many were there by the newest item of the log; null if that cannot be told from it. */
export function countIn(payload: Uint8Array): number | null {
  const match = /"count":(\d+)/.exec(Buffer.from(payload.subarray(0, 48)).toString('latin1'));
  return match ? Number(match[1]) : null;
}
