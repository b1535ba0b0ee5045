import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { WEBHOOK_EVENTS } from '#contracts';
import { KEPT_DAYS, KEPT_PER_ENDPOINT } from './retention.js';
import { RETRY_SECONDS } from './retry-schedule.js';

const page = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');

describe('the page for customers', () => {
  test('has every event, and what each is', () => {
    for (const [type, when] of Object.entries(WEBHOOK_EVENTS)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${type}\``));
      expect([type, row]).toEqual([type, expect.stringContaining(when)]);
    }
  });

  test('states the schedule that is kept', () => {
    const said = RETRY_SECONDS.map((seconds) =>
      seconds < 60
        ? `${seconds} s`
        : seconds < 3_600
          ? `${seconds / 60} min`
          : `${seconds / 3_600} h`,
    );
    expect(page).toContain(`${said.slice(0, -1).join(', ')} and ${said.at(-1)}`);
  });

  test('states how long things are kept', () => {
    expect(page).toContain(`Kept for ${KEPT_DAYS} days`);
    expect(KEPT_PER_ENDPOINT).toBe(10_000);
  });
});
