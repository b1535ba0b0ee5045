import { spawn } from 'node:child_process';

export interface Pasted {
  readonly done: Promise<{ code: number | null; out: string; at: number }>;
  readonly isDone: () => boolean;
}

/** Runs a command as a shell does that it was pasted into. */
export function paste(command: string, cwd?: string): Pasted {
  const shell = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], cwd });
  let out = '';
  let ended = false;
  shell.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  shell.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const done = new Promise<{ code: number | null; out: string; at: number }>((resolve, reject) => {
    shell.on('error', reject);
    shell.on('close', (code) => {
      ended = true;
      resolve({ code, out, at: performance.now() });
    });
  });
  return { done, isDone: () => ended };
}

/** The command lines in what was printed; a backslash at a line's end continues one. */
export function curlLines(printed: string): string[] {
  return printed
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/^[\s$>]+/, ''))
    .filter((line) => line.startsWith('curl '));
}
