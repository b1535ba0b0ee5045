/** What is printed, step by step, and what was found to differ. */
export class Story {
  readonly differences: string[] = [];
  private steps = 0;

  step(title: string): void {
    process.stdout.write(`\n${String(++this.steps).padStart(2)}. ${title}\n`);
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) process.stdout.write(`    ${line}\n`);
  }

  /** Says what each source gives for the same thing. One that gives something else is a difference. */
  compare(what: string, sources: Readonly<Record<string, string | number | bigint>>): void {
    const said = Object.entries(sources).map(([source, value]) => [source, String(value)] as const);
    const isEqual = new Set(said.map(([, value]) => value)).size === 1;
    const text = said.map(([source, value]) => `${source} ${value}`).join(isEqual ? ' = ' : ', ');
    this.say(`${isEqual ? 'equal' : 'DIFFERENT'}: ${what}: ${text}`);
    if (!isEqual) this.differences.push(`${what}: ${text}`);
  }

  /** The last line, and what the process ends with. */
  end(): 0 | 1 {
    if (this.differences.length === 0) {
      process.stdout.write('\ndemo: all equal\n');
      return 0;
    }
    process.stdout.write(`\ndemo: ${this.differences.length} differ\n`);
    for (const difference of this.differences) process.stdout.write(`  ${difference}\n`);
    return 1;
  }
}

/** Micro-units as people write them; exact, however large. */
export function euros(micro: string | bigint): string {
  const value = BigInt(micro);
  const size = value < 0n ? -value : value;
  const rest = String(size % 1_000_000n).padStart(6, '0');
  const cents = rest.slice(0, 2) + rest.slice(2).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}€${size / 1_000_000n}.${cents}`;
}

/** Enough of a secret to tell it from another. */
export function masked(secret: string): string {
  return `${secret.slice(0, 12)}…${secret.slice(-4)}`;
}
