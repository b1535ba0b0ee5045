import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';

export interface Ran {
  readonly output: string;
  readonly status: number;
}

/** A shell that is typed into, one block after the other: variables stay from block to block. */
export interface Terminal {
  /** What the block printed, and the status of its last command. */
  run(block: string): Promise<Ran>;
  close(): void;
}

const BLOCK_MS = 45_000;

export function openTerminal(
  folder: string,
  variables: Readonly<Record<string, string>>,
): Terminal {
  const shell = spawn('sh', {
    cwd: folder,
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, LANG: 'C.UTF-8', ...variables },
  });
  let text = '';
  let changed = (): void => undefined;
  const more = (chunk: Buffer): void => {
    text += chunk.toString();
    changed();
  };
  shell.stdout.on('data', more);
  shell.stderr.on('data', more);
  let hasEnded = false;
  shell.on('close', () => {
    hasEnded = true;
    changed();
  });
  return {
    run: (block) =>
      new Promise((resolve, reject) => {
        const mark = randomBytes(8).toString('hex');
        const end = new RegExp(`\\n${mark} (\\d+)\\n$`);
        const late = setTimeout(() => {
          reject(new Error(`Not done within ${BLOCK_MS} ms:\n${block}\nIt printed:\n${text}`));
        }, BLOCK_MS);
        changed = () => {
          const match = end.exec(text);
          if (!match && !hasEnded) return;
          clearTimeout(late);
          const output = match ? text.slice(0, match.index) : text;
          text = '';
          resolve({ output, status: match ? Number(match[1]) : -1 });
        };
        shell.stdin.write(`${block}\nprintf '\\n%s %s\\n' ${mark} "$?"\n`);
      }),
    close() {
      if (hasEnded || shell.pid === undefined) return;
      // With what it has left running in the background.
      process.kill(-shell.pid, 'SIGKILL');
    },
  };
}
