import type { Principal } from '#access';
import { isCustomers, type Account, type Redeliveries, type UsageBook } from '#metering';
import type { Answer, Clock, MemberAnswer } from '#mediator';

/** What the routes tell the book: who holds, and what has gone out to whom. */
export class UsageMeter {
  private readonly accounts = new WeakMap<Principal, Account>();

  constructor(
    private readonly book: UsageBook,
    private readonly redeliveries: Redeliveries,
    private readonly clock: Clock,
  ) {}

  beginHold(principal: Principal): void {
    this.account(principal).beginHold(this.clock.monotonic());
  }

  endHold(principal: Principal): void {
    this.account(principal).endHold(this.clock.monotonic());
  }

  /**
   * The answer's bytes have been handed to the system whole. Not before: what was cut off is not counted.
   * @param place the cursor that was asked with; null: none, so that nobody can have asked so before.
   */
  delivered(principal: Principal, answer: Answer, place: string | null): void {
    if (answer.messages === 0) return;
    const account = this.account(principal);
    const { clientId } = principal;
    if (clientId === null || place === null) return this.book.delivered(account, answer);
    const all = this.book.countedIn(answer);
    const fresh = this.redeliveries.fresh(principal.appId, clientId, place, all);
    this.book.delivered(account, answer, all - fresh);
  }

  /** Of one answer over several apps each app pays for its own. */
  deliveredToSeveral(principals: readonly Principal[], answer: Answer): void {
    for (const { channel, messages } of answer.counts) {
      const { app, name } = channel.ref;
      const payer = principals.find(({ appId }) => appId === app);
      if (payer && isCustomers(name)) this.book.deliveredOne(this.account(payer), name, messages);
    }
  }

  /** What a group hands out again after a member did not acknowledge it is not counted again. */
  deliveredToMember(principal: Principal, channel: string, answer: MemberAnswer): void {
    if (answer.fresh > 0) this.book.deliveredOne(this.account(principal), channel, answer.fresh);
  }

  /** One message handed to one asker. */
  deliveredReply(principal: Principal, channel: string): void {
    this.book.deliveredOne(this.account(principal), channel, 1);
  }

  private account(principal: Principal): Account {
    let account = this.accounts.get(principal);
    if (!account) this.accounts.set(principal, (account = this.book.account(principal)));
    return account;
  }
}
