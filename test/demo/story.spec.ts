import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { euros, Story } from './story.js';

let said = '';
beforeEach(() => {
  said = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => void jest.restoreAllMocks());

describe('what a demonstration ends with', () => {
  test('all sources say the same: 0, and it says so', () => {
    const story = new Story();
    story.compare('total', { invoice: '5', ledger: 5n, Stripe: 5 });
    expect(story.end()).toBe(0);
    expect(said.trimEnd().split('\n').at(-1)).toBe('demo: all equal');
  });

  test('one that says something else: 1, and which it is', () => {
    const story = new Story();
    story.compare('total', { invoice: 5, ledger: 5, Stripe: 6 });
    story.compare('units', { invoice: 1, usage: 1 });
    expect(story.end()).toBe(1);
    expect(said).toContain('demo: 1 differ\n  total: invoice 5, ledger 5, Stripe 6');
    expect(said).not.toContain('all equal');
  });

  test('money is written exactly, below nothing and beyond cents too', () => {
    const written = ['29000000', '8000', '0', '-1234567', '10000'].map(euros);
    expect(written).toEqual(['€29.00', '€0.008', '€0.00', '-€1.234567', '€0.01']);
  });
});
