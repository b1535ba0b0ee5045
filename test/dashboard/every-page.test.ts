/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { startChromium, type Chromium } from '../support/chromium.js';
import { OPEN_PAGES, operatorPagesOf, pagesOf, tenantAsOperator, type ShownPage } from './pages.js';
import { Visitor } from './visitor.js';
import { makeWorld, NAMED_OPERATOR, type World } from './world.js';

/** `npm run screenshots` says where pictures go; the test alone takes none. */
const PICTURES = process.env['HOLDLINE_SCREENSHOTS'];

let chromium: Chromium;
let world: World;

beforeAll(async () => {
  [world, chromium] = await Promise.all([makeWorld(), startChromium()]);
}, 120_000);
afterAll(async () => {
  await chromium?.close();
  await world?.end();
});

/** What fades in is looked at when it is there. */
const STILL = { reducedMotion: 'reduce' } as const satisfies BrowserContextOptions;
const WIDE = { width: 1280, height: 860 };
const NARROW = { width: 390, height: 844 };
/** One after the other on the same page: dark differs in its colours alone, narrow in everything else. */
const LOOKS = [
  { as: 'light', colorScheme: 'light', viewport: WIDE, rules: 'all' },
  { as: 'dark', colorScheme: 'dark', viewport: WIDE, rules: 'colours' },
  { as: 'narrow', colorScheme: 'light', viewport: NARROW, rules: 'others' },
] as const;

async function shown(visitor: Visitor, { path, heading }: ShownPage): Promise<void> {
  const { page } = visitor;
  await visitor.open(path);
  if (heading !== '') await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  else await visitor.sees('There is no such page');
  // What is still read has a place that says so.
  await page.waitForFunction(() => document.querySelector('.skeleton') === null);
}

async function look(visitor: Visitor, { name }: ShownPage): Promise<void> {
  const { page } = visitor;
  for (const { as, colorScheme, viewport, rules } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    if (PICTURES !== undefined) {
      await mkdir(PICTURES, { recursive: true });
      await page.evaluate(() => window.scrollTo(0, 0));
      await page.screenshot({ path: join(PICTURES, `${name}-${as}.png`), fullPage: true });
    }
    const faults = await visitor.faults(rules);
    expect({ name, as, faults }).toEqual({ name, as, faults: [] });
    const isWide = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    expect({ name, as, isWide }).toEqual({ name, as, isWide: false });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(WIDE);
}

describe('in light, in dark and on a narrow screen', () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.arrive(chromium, world.holdline.apiUrl, STILL);
  });
  afterAll(() => visitor?.leave());

  test('no page before signing in has a serious fault of accessibility, or runs out of the screen', async () => {
    for (const page of OPEN_PAGES) {
      await shown(visitor, page);
      await page.then?.(visitor.page, world);
      await look(visitor, page);
    }
  });

  test('no page of a member has one either, and none fails', async () => {
    await visitor.signIn(world.owner.email, world.owner.password);
    for (const page of pagesOf(world)) {
      await shown(visitor, page);
      await page.then?.(visitor.page, world);
      await look(visitor, page);
    }
    expect(visitor.complaints).toEqual([]);
  }, 180_000);

  test('nor does a page of an operator', async () => {
    await visitor.signInAsOperator(NAMED_OPERATOR);
    for (const page of operatorPagesOf(world)) {
      await shown(visitor, page);
      await look(visitor, page);
    }
    await shown(visitor, tenantAsOperator(world));
    await visitor.button('Look as this tenant');
    await visitor.page.getByLabel('Reason').fill('They asked about their invoice.');
    await visitor.button('Look');
    await visitor.heading('Overview');
    const looking = { name: 'operator-looks', path: '/billing', heading: 'Billing' };
    await shown(visitor, looking);
    await look(visitor, looking);
    await visitor.button('End');
    await visitor.heading('Acme Learning');
    expect(visitor.complaints).toEqual([]);
  }, 180_000);
});

test('the narrow screen’s menu opens by keyboard and leads to every page', async () => {
  const visitor = await Visitor.arrive(chromium, world.holdline.apiUrl, {
    ...STILL,
    viewport: NARROW,
  });
  await visitor.signIn(world.owner.email, world.owner.password);
  const { page } = visitor;
  await page.getByRole('button', { name: 'Menu' }).focus();
  await page.keyboard.press('Enter');
  await visitor.go('Limits');
  await visitor.heading('Limits');
  await visitor.leave();
});

test('a keyboard alone makes a namespace: the dialog takes the focus, keeps it and gives it back', async () => {
  const visitor = await Visitor.arrive(chromium, world.holdline.apiUrl);
  await visitor.signIn(world.owner.email, world.owner.password);
  await visitor.open(`/apps/${world.app}/namespaces`);
  const { page } = visitor;
  const opener = page.getByRole('button', { name: 'New namespace' });
  await opener.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]') !== null);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.textContent === 'New namespace');
  await visitor.leave();
});
