import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { describeConfig } from '#platform';

/** No Docker is needed to see that docker-compose.yml hangs together. */
const text = readFileSync('docker-compose.yml', 'utf8');
const lines = text
  .split('\n')
  .map((line) => line.replace(/(^|\s)#.*$/, ''))
  .filter((line) => line.trim() !== '');

/** The names directly below a key, by indentation. */
function below(key: string, indent = 0): string[] {
  const start = lines.findIndex((line) => new RegExp(`^ {${indent}}${key}:`).test(line));
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.search(/\S/) <= indent);
  return rest
    .slice(0, end < 0 ? undefined : end)
    .filter((line) => line.search(/\S/) === indent + 2)
    .map((line) => line.trim().replace(/:.*$/, ''));
}

describe('docker-compose.yml', () => {
  test('is indented by twos, without a tab, and every line is a key, an item or part of a list', () => {
    for (const line of lines) {
      expect([line, line.includes('\t'), line.search(/\S/) % 2]).toEqual([line, false, 0]);
      expect(line.trim()).toMatch(/^([\w-]+:( .*)?|<<: \*[\w-]+|- .+|[[\]]|'.*',?)$/);
    }
    for (const [open, close] of ['[]', '{}', '()'] as const)
      expect(text.split(open as string).length).toBe(text.split(close as string).length);
  });

  test('uses no anchor that it does not define before', () => {
    const defined = new Set<string>();
    for (const line of lines) {
      for (const [, name] of line.matchAll(/: &([\w-]+)/g)) defined.add(name as string);
      for (const [, name] of line.matchAll(/: \*([\w-]+)/g))
        expect([line, defined.has(name as string)]).toEqual([line, true]);
    }
    expect(defined.size).toBeGreaterThan(2);
  });

  test('starts the database, its migration, both servers; each waits for services that there are', () => {
    const services = below('services');
    expect(services).toEqual(['postgres', 'prepare', 'api', 'delivery']);
    for (const service of services.filter((one) => one !== 'postgres')) {
      const at = text.indexOf(`\n  ${service}:\n`);
      const after = /depends_on:\n\s+(\w+):/.exec(text.slice(at))?.[1] as string;
      expect(services.indexOf(after)).toBeLessThan(services.indexOf(service));
      expect(services).toContain(after);
    }
    expect(below('volumes')).toEqual(['postgres', 'data']);
  });

  test('runs files that are built, with settings that are read', () => {
    const files = [...text.matchAll(/dist\/([\w/-]+)\.js/g)].map((match) => match[1] as string);
    expect(files.length).toBe(3);
    for (const file of files) expect([file, existsSync(`${file}.ts`)]).toEqual([file, true]);
    const settings = describeConfig().map(({ name }) => name);
    const given = below('environment', 2);
    expect(given).toContain('HOLDLINE_DELIVERY_URL');
    expect(given.filter((name) => !settings.includes(name))).toEqual([]);
  });
});
