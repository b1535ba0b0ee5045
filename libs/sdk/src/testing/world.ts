import { Holdline } from '../client.js';
import type { HoldlineOptions } from '../client.js';
import type { State } from '../receiver-options.js';
import type { Message } from '../types.js';
import { FakeHoldline } from './fake-holdline.js';
import { ManualClock, settle } from './manual-clock.js';

/** A client, the server that it talks to, and the time they share. */
export class World {
  readonly clock = new ManualClock();
  readonly server = new FakeHoldline(this.clock);
  readonly holdline: Holdline;
  readonly states: State[] = [];
  readonly errors: unknown[] = [];

  constructor(options: Partial<HoldlineOptions> = {}) {
    const credential = options.token || options.authorize ? {} : { key: 'key' };
    this.holdline = new Holdline({
      url: 'https://rt.example.com/',
      ...credential,
      fetch: this.server.fetch,
      clock: this.clock,
      random: () => 0.5,
      ...options,
    });
    this.holdline.on('state', (state) => this.states.push(state));
    this.holdline.on('error', (error) => this.errors.push(error));
  }

  get stateNames(): string[] {
    return this.states.map(({ state }) => state);
  }

  /** Subscribes and writes down what comes. */
  reader(
    channel: string,
    from?: string,
  ): { data: unknown[]; messages: Message[]; stop: () => void } {
    const data: unknown[] = [];
    const messages: Message[] = [];
    const stop = this.holdline.channel(channel).subscribe(
      (message) => {
        data.push(message.data);
        messages.push(message);
      },
      from === undefined ? {} : { from },
    );
    return { data, messages, stop };
  }

  publish(channel: string, ...data: unknown[]): void {
    for (const item of data) this.server.publish(channel, item);
  }

  async settle(): Promise<void> {
    await settle();
  }
}
