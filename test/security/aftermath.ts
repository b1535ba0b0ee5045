import { expect } from '@jest/globals';
import type { Holdline } from '../support/holdline.js';
import { ask } from '../support/http-client.js';
import { descendantsOf } from '../support/processes.js';
import type { RawResult } from '../support/raw-http.js';
import { STACK_TRACE, succeeded } from '../support/wire.js';

/** A refusal in the 4xx, or a connection that was closed: never a 5xx, never our insides. */
export function expectTurnedAway(what: string, result: RawResult): void {
  for (const { status, body } of result.answers) {
    expect([what, status, status >= 400 && status < 500]).toEqual([what, status, true]);
    expect([what, STACK_TRACE.test(body)]).toEqual([what, false]);
  }
  expect([what, result.answers.length > 0 || result.closed]).toEqual([what, true]);
}

/** The processes that served before still do: nothing crashed and was started anew behind our back. */
export class Vitals {
  private constructor(
    private readonly holdline: Holdline,
    private readonly pids: readonly [number, number],
  ) {}

  static of(holdline: Holdline): Vitals {
    return new Vitals(holdline, [holdline.apiPid(), holdline.deliveryPid()]);
  }

  async expectAlive(): Promise<void> {
    for (const url of [this.holdline.apiUrl, this.holdline.deliveryUrl]) {
      succeeded(await ask(`${url}/healthz`), 200);
      succeeded(await ask(`${url}/readyz`), 200);
    }
    const alive = descendantsOf(this.holdline.pid).map((one) => one.pid);
    expect(alive).toEqual(expect.arrayContaining([...this.pids]));
    expect(this.holdline.output()).not.toMatch(/unhandled|uncaught|FATAL|heap out of memory/i);
  }
}
