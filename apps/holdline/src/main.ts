import { EmbeddedPostgresError } from '#database';
import { ConfigError, loadConfig } from '#platform';
import { Launcher } from './launcher.js';
import { createVoice } from './say.js';
import { stopOnSignal } from './signals.js';
import { StartError } from './start-error.js';

const voice = createVoice((text) => process.stdout.write(text));

try {
  const launcher = new Launcher(loadConfig(process.env), process.env, voice);
  stopOnSignal(launcher, voice);
  await launcher.start().catch(async (error: unknown) => {
    // A start that was told to stop fails in many ways; none of them is news.
    const asked = launcher.isStopping;
    await launcher.stop();
    if (!asked) throw error;
  });
} catch (error) {
  const told = [ConfigError, StartError, EmbeddedPostgresError].some(
    (kind) => error instanceof kind,
  );
  const text =
    error instanceof Error
      ? told
        ? error.message
        : (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${error instanceof ConfigError ? '' : 'holdline: '}${text}\n`);
  process.exit(1);
}
