/** Arrows run down only (docs/architecture.md). Each rule says what would break without it. */
const lib = (name) => `^libs/${name}/`;
const onlyFrom = (name, allowed, why) => ({
  name: `${name}-imports-only-what-is-below`,
  comment: why,
  severity: 'error',
  from: { path: lib(name), pathNot: '\\.spec\\.ts$' },
  to: { path: '^(libs|apps)/', pathNot: [lib(name), ...allowed.map(lib)] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'A circle has no top and no bottom.',
      from: {},
      // A type alone is gone at run time.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'one-door-per-lib',
      comment: 'What is not exported by index.ts can be changed freely.',
      severity: 'error',
      from: {
        path: '^(apps|libs|test)/([^/]+)/',
        pathNot: '(\\.(spec|test)\\.ts$)|(/testing/)|^apps/dashboard/',
      },
      to: {
        path: '^libs/([^/]+)/src/(?!index\\.ts)',
        pathNot: ['^libs/$2/', '^libs/contracts/src/(problems|limits)\\.ts$', '/testing/'],
      },
    },
    {
      name: 'dashboard-takes-little-from-libs',
      comment: 'What it imports is loaded by every browser: no schemas, no server code.',
      severity: 'error',
      from: { path: '^apps/dashboard/' },
      to: {
        path: '^libs/',
        pathNot: [
          '^libs/sdk/src/index\\.ts$',
          '^libs/contracts/src/(currencies|meters|roles|webhook-events)\\.ts$',
        ],
      },
    },
    {
      name: 'no-app-from-lib',
      severity: 'error',
      comment: 'A lib serves every app.',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-are-strangers',
      severity: 'error',
      comment: 'api and delivery are separate processes.',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    onlyFrom('contracts', [], 'The wire knows nothing of us.'),
    onlyFrom('engine', [], 'The log does not know what it carries.'),
    onlyFrom(
      'mediator',
      ['contracts', 'engine'],
      'The core is pure: no framework, HTTP, SQL or environment.',
    ),
    onlyFrom('access', ['contracts'], 'Rights are decided without asking anybody.'),
    onlyFrom('limits', ['contracts'], 'A limit is decided from memory, without asking anybody.'),
    onlyFrom('metering', ['contracts'], 'Counting is pure: where counts are kept is the caller’s.'),
    onlyFrom(
      'billing',
      ['contracts', 'database'],
      'Money is worked out from usage alone, and kept in PostgreSQL.',
    ),
    onlyFrom('webhooks', ['contracts', 'database'], 'It sends what others say happened.'),
    onlyFrom('platform', ['contracts'], 'The glue knows no feature.'),
    onlyFrom('database', [], 'Only api and the launcher reach PostgreSQL, and they reach down.'),
    onlyFrom('sdk', ['contracts'], 'A customer installs the SDK alone.'),
    {
      name: 'delivery-never-touches-the-database',
      comment: 'Delivery works while PostgreSQL is away.',
      severity: 'error',
      from: { path: '^apps/delivery/' },
      to: {
        path: '(^libs/(database|billing|webhooks)/)|(node_modules/(pg|pg-boss|@prisma|prisma|stripe)/)',
      },
    },
    {
      name: 'mediator-and-engine-know-no-framework',
      severity: 'error',
      comment: 'They are tested and run without one.',
      from: { path: '^libs/(mediator|engine|contracts|access)/' },
      to: { path: 'node_modules/(@nestjs|fastify|express|pino)' },
    },
    {
      name: 'contracts-imports-zod-only',
      severity: 'error',
      comment: 'Browsers and other languages build from it.',
      from: { path: '^libs/contracts/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm', 'core', 'npm-dev'], pathNot: 'node_modules/zod' },
    },
    {
      name: 'sdk-has-no-runtime-dependency',
      severity: 'error',
      comment: 'Its bundle is all that a page loads.',
      from: { path: '^libs/sdk/src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm', 'core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^dist/)|(libs/database/src/generated)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'require', 'node', 'default'],
    },
  },
};
