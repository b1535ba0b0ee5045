import { open } from 'node:fs/promises';

/**
 * Makes the names in a directory as durable as the files behind them: without it a power cut can take
 * a new file away though its contents were flushed.
 */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Windows flushes names by itself, and opens no directories; some file systems sync none.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EISDIR' && code !== 'EINVAL' && code !== 'EACCES')
      throw error;
  }
}
