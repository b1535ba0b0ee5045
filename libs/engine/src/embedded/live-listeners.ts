import type { ChannelRef, LiveListener, LiveSubscription, Stored } from '../port.js';
import type { EngineLog } from './options.js';
import { channelKey } from './keys.js';

const READY = Promise.resolve();

/** Who is to be told of new messages, by channel. In one process a subscription is ready at once. */
export class LiveListeners {
  private readonly byChannel = new Map<string, Set<LiveListener>>();

  constructor(private readonly log: EngineLog) {}

  add(ref: ChannelRef, listener: LiveListener): LiveSubscription {
    const key = channelKey(ref.app, ref.name);
    // One function may be subscribed twice: each subscription is its own.
    const own: LiveListener = (messages) => listener(messages);
    const all = this.byChannel.get(key);
    if (all) all.add(own);
    else this.byChannel.set(key, new Set([own]));
    return { isReady: true, ready: READY, close: () => this.remove(key, own) };
  }

  has(key: string): boolean {
    return this.byChannel.has(key);
  }

  /** A listener that throws must not keep the others from hearing, nor publishers from their answer. */
  tell(key: string, messages: readonly Stored[]): void {
    const listeners = this.byChannel.get(key);
    if (!listeners) return;
    for (const listener of [...listeners]) {
      try {
        listener(messages);
      } catch (error) {
        this.log.error(`A listener of the message log threw, which none may: ${String(error)}`);
      }
    }
  }

  private remove(key: string, listener: LiveListener): void {
    const all = this.byChannel.get(key);
    all?.delete(listener);
    if (all?.size === 0) this.byChannel.delete(key);
  }
}
