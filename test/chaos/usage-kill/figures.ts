type Amount = number | bigint | string;

/** Says of each thing what every source gives, and by how much they differ; remembers what does not agree. */
export class Figures {
  readonly wrong: string[] = [];

  constructor(private readonly say: (text: string) => void) {}

  /** They have to be equal. */
  same(what: string, sources: Readonly<Record<string, Amount>>): void {
    const values = Object.values(sources).map(BigInt);
    const [least, most] = [values.reduce(min), values.reduce(max)];
    this.tell(what, sources, `difference ${most - least}`, least === most);
  }

  /** The count may be less than the truth by so much at most, and never more. */
  bounded(what: string, count: number, truth: number, bound: number): void {
    const missing = truth - count;
    const isGood = missing >= 0 && missing <= bound;
    this.tell(what, { truth, counted: count }, `difference ${missing}, bound ${bound}`, isGood);
  }

  private tell(
    what: string,
    sources: Readonly<Record<string, Amount>>,
    verdict: string,
    isGood: boolean,
  ): void {
    const said = Object.entries(sources).map(([source, value]) => `${source} ${value}`);
    const text = `${what}: ${said.join(', ')}; ${verdict}`;
    this.say(text);
    if (!isGood) this.wrong.push(text);
  }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
