import { startLender } from './lender.mjs';

/** Jest's workers inherit the environment, and nothing else. */
export default async function setup() {
  const lender = await startLender();
  process.env.HOLDLINE_TEST_LENDER = lender.url;
  globalThis.holdlineLender = lender;
}
