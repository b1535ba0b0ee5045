/** Writes what docs/ has from the code: a page for each refusal, and the README's table of settings. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { PROBLEMS } from '../dist/libs/contracts/src/index.js';
import { describeConfig, errorMarkdown } from '../dist/libs/platform/src/index.js';

rmSync('docs/errors', { recursive: true, force: true });
mkdirSync('docs/errors', { recursive: true });
for (const code of Object.keys(PROBLEMS))
  writeFileSync(`docs/errors/${code}.md`, errorMarkdown(code));

const rows = describeConfig().map(
  ({ name, fallback, meaning }) => `| \`${name}\` | ${fallback} | ${meaning} |`,
);
const table = ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
writeFileSync(
  'docs/configuration.md',
  `# Configuration\n\nRead once, at the start, by one schema. A bad value stops the start with its name, its fault and the fix.\n\n${table}\n`,
);
process.stdout.write(
  `docs: ${Object.keys(PROBLEMS).length} pages in docs/errors, docs/configuration.md\n`,
);
