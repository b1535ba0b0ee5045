/// <reference lib="dom" />
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Chromium } from '../support/chromium.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Somebody who uses the dashboard in a browser profile of their own. */
export class Visitor {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
    /** What the browser's console complained of: refused scripts and the like. */
    readonly complaints: readonly string[],
  ) {}

  static async arrive(
    chromium: Chromium,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<Visitor> {
    const context = await chromium.browser.newContext({
      viewport: { width: 1280, height: 860 },
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A refusal shows on the page; the browser says of it that a resource failed to load.
      const isRefusal = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
    });
    return new Visitor(context, page, url, complaints);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(`${this.url}/dashboard${path}`);
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.open('/login');
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill(password);
    await this.button('Sign in');
    await this.page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  }

  async signInAsOperator(operator: { email: string; password: string }): Promise<void> {
    await this.open('/operator/login');
    await this.page.getByLabel('E-mail').fill(operator.email);
    await this.page.getByLabel('Password').fill(operator.password);
    await this.button('Sign in');
    await this.heading('Tenants');
  }

  go(link: string): Promise<void> {
    return this.page
      .getByRole('navigation', { name: 'Pages' })
      .getByRole('link', { name: link, exact: true })
      .click();
  }

  button(name: string | RegExp): Promise<void> {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' }).click();
  }

  heading(name: string): Promise<void> {
    return this.page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
  }

  sees(text: string | RegExp): Promise<void> {
    return this.page.getByText(text).first().waitFor();
  }

  /**
   * Serious and critical faults of accessibility, as axe finds them in what is shown now.
   * @param rules all, those about colours alone, or all but those
   */
  async faults(rules: 'all' | 'colours' | 'others' = 'all'): Promise<string[]> {
    const source = await readFile(AXE, 'utf8');
    // As a debugger does, beside the page's policy, which allows no script of others.
    await this.page.evaluate(source);
    const result = await this.page.evaluate(async (wanted) => {
      const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResult> } };
      if (wanted === 'colours') return axe.run({ runOnly: ['color-contrast'] });
      return axe.run({ rules: { 'color-contrast': { enabled: wanted === 'all' } } });
    }, rules);
    return result.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((n) => n.html).join('\n')}`);
  }

  /** Where it is and what it sees, for who reads of a failure. */
  async account(): Promise<string> {
    const text = await this.page.locator('body').innerText();
    const complaints = this.complaints.join('\n') || 'none';
    return `At ${this.page.url()}\nThe browser’s complaints: ${complaints}\nThe page shows:\n${text}`;
  }

  leave(): Promise<void> {
    return this.context.close();
  }
}
