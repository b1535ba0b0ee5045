import type { Member } from './member.js';

/** The members of one channel, by client id and in the order of the ids: pages are cut from that. */
export class MemberList {
  private readonly byId = new Map<string, Member>();
  private readonly ordered: Member[] = [];

  get size(): number {
    return this.byId.size;
  }

  get(clientId: string): Member | undefined {
    return this.byId.get(clientId);
  }

  values(): Iterable<Member> {
    return this.byId.values();
  }

  /** There must be none of this id. */
  add(member: Member): void {
    this.byId.set(member.clientId, member);
    this.ordered.splice(this.placeOf(member.clientId), 0, member);
  }

  remove(member: Member): void {
    this.byId.delete(member.clientId);
    this.ordered.splice(this.placeOf(member.clientId), 1);
  }

  page(after: string | null, limit: number): { members: readonly Member[]; next: string | null } {
    let first = 0;
    if (after !== null) {
      first = this.placeOf(after);
      if (this.ordered[first]?.clientId === after) first += 1;
    }
    const members = this.ordered.slice(first, first + limit);
    const isLast = first + limit >= this.ordered.length;
    return { members, next: isLast ? null : members.at(-1)!.clientId };
  }

  /** Where the id stands, or would stand. */
  private placeOf(clientId: string): number {
    let low = 0;
    let high = this.ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ordered[middle]!.clientId < clientId) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
