/**
 * Property tests try the same cases in every run, so that a run can be repeated. Other cases:
 * `PROPERTY_SEED=7 npm test`, or `PROPERTY_SEED=random`; a failure prints its seed.
 */
import fc from 'fast-check';

const asked = process.env.PROPERTY_SEED ?? '20261121';
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked) });
