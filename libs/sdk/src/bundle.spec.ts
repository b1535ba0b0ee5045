import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let out: string;
let built: { stdout: string };

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'holdline-'));
  const made = spawnSync(process.execPath, [join(root, 'scripts', 'build-sdk.mjs'), '--out', out], {
    encoding: 'utf8',
  });
  expect(made.stderr).toBe('');
  expect(made.status).toBe(0);
  built = made;
});

afterAll(() => rm(out, { recursive: true, force: true }));

const read = (...path: string[]): Promise<string> => readFile(join(out, 'sdk', ...path), 'utf8');

describe('what is built', () => {
  test('one script gives a page the class Holdline, and nothing else but its error', async () => {
    const page: Record<string, unknown> = { URL, AbortController };
    page['globalThis'] = page;
    const context = createContext(page);
    runInContext(await read('holdline.js'), context);
    expect(runInContext('typeof Holdline + typeof HoldlineError', context)).toBe(
      'functionfunction',
    );
    expect(Object.keys(context).sort()).toEqual(
      ['AbortController', 'Holdline', 'HoldlineError', 'URL', 'globalThis'].sort(),
    );
  });

  test('the scripts for browsers have less than 48 kB, say how many, and bring no schema library', async () => {
    for (const file of ['holdline.js', 'holdline.mjs']) {
      const text = await read(file);
      expect(Buffer.byteLength(text)).toBeLessThan(48_000);
      expect(built.stdout).toContain(
        `${file} has ${(text.length / 1000).toFixed(1)} kB, ${(gzipSync(text).length / 1000).toFixed(1)} kB with gzip`,
      );
      expect(text).not.toMatch(/zod|_zod|\beval\(|new Function/i);
      expect(await read(`${file}.map`)).not.toMatch(/zod/i);
    }
  });

  test('the package has what its manifest names, no dependency, and declarations that stand alone', async () => {
    const manifest = JSON.parse(await read('package.json')) as {
      exports: Record<string, string | Record<string, string>>;
      dependencies?: object;
    };
    expect(manifest.dependencies).toBeUndefined();
    for (const target of Object.values(manifest.exports)) {
      for (const [condition, path] of Object.entries(
        typeof target === 'string' ? { it: target } : target,
      )) {
        if (condition !== 'source')
          expect([path, existsSync(join(out, 'sdk', path))]).toEqual([path, true]);
      }
    }
    for (const file of ['index', 'types', 'errors', 'client']) {
      expect(await read('types', 'sdk', 'src', `${file}.d.ts`)).not.toMatch(/zod|#contracts/);
    }
  });

  test('the module for Node loads, and refuses wrong options in words', () => {
    const module = pathToFileURL(join(out, 'sdk', 'node', 'holdline.js')).href;
    const script = `const { Holdline } = await import(${JSON.stringify(module)}); try { new Holdline({ url: 'x' }) } catch (error) { console.log(error.code) }`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(ran.stdout.trim()).toBe('invalid_use');
  });

  test('the page to try it on is built with its script and style, none of them inline', async () => {
    const html = await readFile(join(out, 'pages', 'try.html'), 'utf8');
    for (const file of ['try.js', 'try.css']) {
      expect(html).toContain(`"/${file}"`);
      expect(existsSync(join(out, 'pages', file))).toBe(true);
    }
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/i);
  });
});
