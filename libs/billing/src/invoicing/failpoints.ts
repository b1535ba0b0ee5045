/** The places between two steps where a process can die. A test dies at each of them. */
export const FAILPOINTS = [
  'close:begun',
  'close:noted',
  'close:done',
  'draw:begun',
  'draw:lines',
  'draw:posted',
  'draw:done',
  'final:begun',
  'final:drawn',
  'final:numbered',
  'final:posted',
  'final:credited',
  'final:told',
  'final:done',
  'collect:begun',
  'collect:asked',
  'collect:done',
] as const;
export type FailpointName = (typeof FAILPOINTS)[number];

/** Called at each; does nothing outside tests. */
export type Failpoint = (name: FailpointName) => void;
