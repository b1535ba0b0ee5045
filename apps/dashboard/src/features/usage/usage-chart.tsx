import { Chart } from '../../ui/chart.js';
import { everyStep, type Span, type Step, type UsageBucket } from './usage-query.js';

interface Props {
  readonly buckets: readonly UsageBucket[];
  readonly span: Span;
  readonly step: Step;
  readonly meters: readonly {
    readonly meter: keyof UsageBucket['usage'];
    readonly label: string;
  }[];
  /** What is drawn, for who cannot see it. */
  readonly label: string;
  readonly bars: boolean;
}

/** Usage over a time, step by step. */
export function UsageChart({ buckets, span, step, meters, label, bars }: Props) {
  const { times, steps } = everyStep(buckets, span, step);
  const series = meters.map((one) => ({
    label: one.label,
    values: steps.map((bucket) => bucket?.usage[one.meter] ?? 0),
  }));
  return <Chart label={label} times={times} series={series} bars={bars} />;
}
