import { useQuery } from '@tanstack/react-query';
import { METERS, type Meter } from '../../../../../libs/contracts/src/meters.js';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { amount } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Facts } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import type { Line } from './lines-table.js';

interface Props {
  readonly invoice: string;
  readonly line: Line;
  readonly onClose: () => void;
}

/** The hours behind a line's number, counted again now. */
export function ExplainDialog({ invoice, line, onClose }: Props) {
  const query = useQuery({
    queryKey: ['billing', 'invoices', invoice, 'explain', line.n],
    queryFn: () =>
      answered(
        api.GET('/v1/billing/invoices/{invoice}/lines/{line}/explain', {
          params: { path: { invoice, line: String(line.n) } },
        }),
      ),
  });
  return (
    <Dialog title={line.description} open onClose={onClose}>
      <Loaded query={query}>
        {({ line: explained, hours, billedUnits, recountedUnits, differenceUnits }) => {
          const meter = explained.meter === null ? null : METERS[explained.meter as Meter];
          if (!meter || hours.length === 0) return <p>{WHY[explained.kind]}</p>;
          const units = (text: string) => `${amount(Number(text) / meter.per)} ${meter.unit}s`;
          return (
            <div className="stack">
              <Facts
                items={[
                  ['Billed', units(billedUnits)],
                  ['Counted again now', units(recountedUnits)],
                  ['Difference', differenceUnits === '0' ? 'none' : units(differenceUnits)],
                ]}
              />
              <Table
                caption="Hours"
                items={hours}
                keyOf={({ hour }) => hour}
                columns={[
                  { head: 'Hour from', cell: ({ hour }) => <Moment at={hour} /> },
                  { head: 'Billed', numeric: true, cell: (hour) => units(hour.billedUnits) },
                  { head: 'Counted', numeric: true, cell: (hour) => units(hour.recountedUnits) },
                ]}
              />
            </div>
          );
        }}
      </Loaded>
      <div className="dialog-actions">
        <Button kind="main" onClick={onClose}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}

const WHY = {
  base: 'The plan’s base fee for this time, by the part of the period that the plan was held.',
  usage: 'Nothing of this was used in this time.',
  adjustment:
    'A correction of an earlier invoice: usage of a closed period that was counted later.',
  discount: 'A coupon, taken off the lines above.',
  tax: 'Tax on the lines above.',
} as const;
