/** Starts Holdline and starts it anew whenever a source file changes. */
import { spawn, spawnSync } from 'node:child_process';
import { watch } from 'node:fs';

const QUIET_MS = 200;
let child = launch();
let timer = null;
/** The old one is still draining: when it has ended, the newest build starts, once. */
let isPending = false;

for (const folder of ['apps', 'libs', 'prisma']) {
  watch(folder, { recursive: true }, (_event, file) => {
    if (!file || /generated|node_modules|\.(spec|test)\.ts$/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(rebuild, QUIET_MS);
  });
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    clearTimeout(timer);
    if (hasEnded(child)) process.exit(0);
    child.removeAllListeners('exit');
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

/** Synchronous, so that no two builds overlap: changes meanwhile are heard of when it is over. */
function rebuild() {
  const { status } = spawnSync(process.execPath, ['scripts/prepare.mjs'], { stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write('holdline dev: the build failed; what runs is the last one that worked\n');
    return;
  }
  if (isPending) return;
  process.stderr.write('holdline dev: starting anew\n');
  if (hasEnded(child)) {
    child = launch();
    return;
  }
  isPending = true;
  child.once('exit', () => {
    isPending = false;
    child = launch();
  });
  child.kill('SIGTERM');
}

function hasEnded({ exitCode, signalCode }) {
  return exitCode !== null || signalCode !== null;
}
