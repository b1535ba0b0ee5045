import config from './jest.config.mjs';

// Asks Stripe itself, so it is no part of `npm test`: `npm run test:stripe`, with STRIPE_TEST_KEY set.
const [unit] = config.projects;

export default {
  ...unit,
  displayName: 'sandbox',
  testMatch: ['<rootDir>/test/interop/*.sandbox.ts'],
  testTimeout: 60_000,
};
