import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** How to get at the demo tenant. It holds secrets in the clear: readable by its owner alone. */
export const Demo = z.object({
  apiUrl: z.string(),
  deliveryUrl: z.string(),
  tenantId: z.string(),
  appId: z.string(),
  apiKey: z.string(),
  email: z.string(),
  password: z.string(),
  operator: z.object({ email: z.string(), password: z.string() }),
});
export type Demo = z.output<typeof Demo>;

/** null when there is none, or none that can be understood. */
export async function readDemo(dataDir: string): Promise<Demo | null> {
  try {
    const parsed = Demo.safeParse(JSON.parse(await readFile(path(dataDir), 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return null;
    throw error;
  }
}

/** All or nothing: whoever reads it meanwhile sees the old one or the new one. */
export async function writeDemo(dataDir: string, demo: Demo): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const temporary = `${path(dataDir)}.${randomUUID()}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(demo, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path(dataDir));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function path(dataDir: string): string {
  return join(dataDir, 'demo.json');
}
