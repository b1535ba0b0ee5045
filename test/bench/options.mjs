/** The command line. */
import { parseArgs } from 'node:util';
import { SCENARIOS } from './catalogue.mjs';

export const USAGE = `Usage: npm run bench -- [options]
  --quick          a short form: one round of each scenario, smaller
  --only NAMES     only these scenarios, separated by commas
  --rounds N       rounds of each scenario (3; with --quick 1)
  --json FILE      write what was measured to FILE
  --write          write docs/benchmarks.md
  --profile DIR    leave a CPU profile of each Holdline process in DIR
  --bare           measure the bare server alone
Scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}`;

/**
 * @typedef {{ quick: boolean, only: readonly string[], rounds: number | null, json: string | null,
 *   write: boolean, profile: string | null, bare: boolean, help: boolean }} Options
 */

/**
 * @param {string[]} args
 * @returns {Options}
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
      bare: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.split(',').map((name) => name.trim()) ?? [];
  const unknown = only.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}.`);
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error('--rounds takes a whole number from 1.');
  }
  if (values.write && (only.length > 0 || values.bare || values.quick)) {
    throw new Error('--write needs a full run: leave out --only, --quick and --bare.');
  }
  return {
    quick: values.quick,
    only,
    rounds,
    json: values.json ?? null,
    write: values.write,
    profile: values.profile ?? null,
    bare: values.bare,
    help: values.help,
  };
}
