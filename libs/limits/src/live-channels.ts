import type { LimitEvents } from './limit-events.js';
import { limitProblem } from './refusal.js';
import type { Subject } from './subject.js';

const NAME = 'channels_live_app';
const RETRY_MS = 1000;

/** Channels of an app that somebody receives from. Counted only for apps that are limited in them. */
export class LiveChannels {
  private readonly apps = new Map<string, Map<string, number>>();

  constructor(private readonly events: LimitEvents) {}

  /**
   * Whoever took them gives them back with `release`, with the same subject and channels.
   * @throws Problem rate_limited; none is counted then.
   */
  take(subject: Subject, channels: readonly string[]): void {
    const max = subject.limits[NAME];
    if (max === undefined || channels.length === 0) return;
    const live = this.apps.get(subject.appId) ?? new Map<string, number>();
    const fresh = new Set(channels.filter((channel) => !live.has(channel))).size;
    if (live.size + fresh > max) throw this.refusal(subject, max, live.size, fresh);
    for (const channel of channels) live.set(channel, (live.get(channel) ?? 0) + 1);
    this.apps.set(subject.appId, live);
  }

  release(subject: Subject, channels: readonly string[]): void {
    const live = this.apps.get(subject.appId);
    if (!live || subject.limits[NAME] === undefined) return;
    for (const channel of channels) {
      const readers = (live.get(channel) ?? 1) - 1;
      if (readers > 0) live.set(channel, readers);
      else live.delete(channel);
    }
    if (live.size === 0) this.apps.delete(subject.appId);
  }

  used(appId: string): number {
    return this.apps.get(appId)?.size ?? 0;
  }

  private refusal({ tenantId, appId }: Subject, max: number, used: number, fresh: number) {
    const whose = { tenantId, appId, subject: null };
    this.events.note({ type: 'limit.reached', name: NAME, ...whose, max, used, resetAt: null });
    return limitProblem(
      NAME,
      { max, used, resetAt: null, retryMs: RETRY_MS },
      `This app is received from on ${used} channels, and ${fresh} more would exceed the ${max} that it may have.`,
    );
  }
}
