/** One block of a page that a reader runs, and what the page says that it prints. */
export interface Step {
  readonly code: string;
  /** The `json` or `text` block after it; null: the page shows nothing. */
  readonly shown: string | null;
  /** Where the block begins. */
  readonly line: number;
}

/** The blocks of one language, each with the block of output that follows it. */
export function stepsOf(markdown: string, language: string): Step[] {
  const blocks = [...markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map((match) => ({
    language: match[1] as string,
    text: match[2] as string,
    line: markdown.slice(0, match.index).split('\n').length,
  }));
  return blocks.flatMap(({ language: mine, text, line }, i) => {
    if (mine !== language) return [];
    const next = blocks[i + 1];
    const isOutput = next?.language === 'json' || next?.language === 'text';
    return [{ code: text, shown: isOutput ? next.text : null, line }];
  });
}

/** Matches what a page shows: blanks do not count, and `…` stands for anything. */
export function shownBy(shown: string): { asymmetricMatch(output: string): boolean } {
  const parts = shown.split('…').map((part) => part.replace(/\s+/g, ''));
  const pattern = new RegExp(
    `^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*?')}$`,
    's',
  );
  return Object.assign(Object.create({ toString: () => shown }) as object, {
    asymmetricMatch: (output: string) => pattern.test(output.replace(/\s+/g, '')),
    shown,
  });
}
