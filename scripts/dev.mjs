/** Starts Holdline and starts it anew whenever a source file changes. */
import { spawn, spawnSync } from 'node:child_process';
import { watch } from 'node:fs';

const QUIET_MS = 200;
let child = launch();
let timer = null;
let building = false;

for (const folder of ['apps', 'libs', 'prisma']) {
  watch(folder, { recursive: true }, (_event, file) => {
    if (!file || /generated|node_modules|\.(spec|test)\.ts$/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(rebuild, QUIET_MS);
  });
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    child.once('exit', () => process.exit(0));
    child.kill(signal);
  });
}
process.stderr.write('holdline dev: watching apps, libs and prisma\n');

function launch() {
  return spawn(process.execPath, ['dist/apps/holdline/src/main.js'], {
    stdio: 'inherit',
    detached: true,
  });
}

function rebuild() {
  if (building) return;
  building = true;
  const { status } = spawnSync(process.execPath, ['scripts/prepare.mjs'], { stdio: 'inherit' });
  building = false;
  if (status !== 0) {
    process.stderr.write('holdline dev: the build failed; what runs is the last one that worked\n');
    return;
  }
  process.stderr.write('holdline dev: starting anew\n');
  const old = child;
  old.once('exit', () => {
    child = launch();
  });
  old.kill('SIGTERM');
}
