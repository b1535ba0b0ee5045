import type { ReactNode } from 'react';
import { money } from '../../ui/figures.js';
import { Table } from '../../ui/paged-table.js';
import { dayText, lastDayText } from '../../ui/time.js';

export interface Line {
  readonly n: number;
  readonly kind: string;
  readonly description: string;
  readonly from: string;
  readonly to: string;
  readonly amountMicro: string;
}

export interface Totals {
  readonly currency: string;
  readonly subtotalMicro: string;
  readonly discountMicro: string;
  readonly taxMicro: string;
  readonly totalMicro: string;
  readonly creditMicro: string;
  readonly dueMicro: string;
}

interface Props {
  readonly lines: readonly Line[];
  readonly totals: Totals;
  /** What stands beside each line. */
  readonly more?: (line: Line) => ReactNode;
}

export function LinesTable({ lines, totals, more }: Props) {
  const { currency } = totals;
  return (
    <div className="stack">
      {lines.length > 0 && (
        <Table
          caption="Lines"
          items={lines}
          keyOf={({ n }) => String(n)}
          columns={[
            { head: 'Line', cell: ({ description }) => description },
            { head: 'Time', cell: ({ from, to }) => `${dayText(from)} – ${lastDayText(to)}` },
            {
              head: 'Amount',
              numeric: true,
              cell: ({ amountMicro }) => money(amountMicro, currency),
            },
            ...(more ? [{ head: 'Why', cell: more }] : []),
          ]}
        />
      )}
      <dl className="facts" aria-label="Totals">
        {sums(totals).map(([name, micro]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{money(micro, currency)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function sums(totals: Totals): (readonly [string, string])[] {
  const parts: (readonly [string, string])[] = [
    ['Subtotal', totals.subtotalMicro],
    ['Discount', totals.discountMicro],
    ['Tax', totals.taxMicro],
    ['Total', totals.totalMicro],
    ['Paid by credit', totals.creditMicro],
    ['Due', totals.dueMicro],
  ];
  return parts.filter(([name, micro]) => micro !== '0' || name === 'Total' || name === 'Due');
}
