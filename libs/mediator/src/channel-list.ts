import type { ChannelState } from './channel-state.js';
import { Timed } from './deadlines.js';
import { watchedChannel } from './presence/names.js';
import type { Subscription } from './types.js';

/**
 * The channels of a poll. Polls with the same list share one, and with it cursors and answers.
 */
export class ChannelList extends Timed {
  /** Each channel's key in an answer's `channels` (or `presence`), as JSON with its colon. */
  readonly keys: readonly string[];
  /** Which of the channels tell of another's presence; null if none does. */
  readonly isPresence: readonly boolean[] | null;
  /** `"app":"…",` for each channel if the list spans several apps, else null. */
  readonly appTexts: readonly Buffer[] | null;
  /** Tags of the apps in it, ascending. */
  readonly appTags: readonly string[];
  /** How many groups of holds use it; for the channel table alone. */
  users = 0;
  /** No longer in the channel table: its channels may be closed. */
  closed = false;

  constructor(
    /** Each once, in the order of the request. */
    readonly channels: readonly ChannelState[],
    appTagOf: (app: string) => string,
    private readonly onIdle: (list: ChannelList) => void,
    /** Under which the channel table finds it; null for a list of one. */
    readonly key: string | null,
  ) {
    super();
    const apps = new Set(channels.map((channel) => channel.ref.app));
    const names = new Set(channels.map((channel) => channel.ref.name));
    const ambiguous = names.size < channels.length;
    const watched = channels.map(({ ref }) => watchedChannel(ref.name));
    this.isPresence = watched.some((of) => of !== null) ? watched.map((of) => of !== null) : null;
    this.keys = channels.map(({ ref }, i) => {
      const name = watched[i] ?? ref.name;
      return `${JSON.stringify(ambiguous ? `${ref.app}/${name}` : name)}:`;
    });
    this.appTexts =
      apps.size > 1
        ? channels.map(({ ref }) => Buffer.from(`{"app":${JSON.stringify(ref.app)},`))
        : null;
    this.appTags = [...new Set([...apps].map(appTagOf))].sort();
  }

  /** Whether a request names exactly these channels in this order. */
  matches(subscriptions: readonly Subscription[]): boolean {
    let i = 0;
    for (const { owner, channels } of subscriptions) {
      for (const name of channels) {
        const ref = this.channels[i++]?.ref;
        if (ref?.name !== name || ref.app !== owner.appId) return false;
      }
    }
    return i === this.channels.length;
  }

  expire(): void {
    this.onIdle(this);
  }
}
