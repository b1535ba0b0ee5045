// Two kinds of test. `unit` runs beside the source, in process; `blackbox` spawns a whole Holdline
// (launcher, api, delivery, PostgreSQL) and talks to it over HTTP only.
const base = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  // The built SDK has a package.json of its own, with the name of the source's.
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // Nest's decorators need the metadata shim before any class is read.
  setupFiles: ['reflect-metadata', '<rootDir>/test/support/property-seed.mjs'],
  transform: {
    '^.+\\.ts$': '@swc/jest',
  },
};

export default {
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
    },
    {
      ...base,
      displayName: 'blackbox',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
    },
  ],
  globalSetup: '<rootDir>/test/support/lender/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/lender/global-teardown.mjs',
  // A black-box test waits more than it works: four on two cores.
  maxWorkers: 4,
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/test/support/count-reporter.mjs'],
};
