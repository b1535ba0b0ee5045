import { Badge, Card, Empty } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import type { Nodes } from './node-card.js';

export function JobsCard({ jobs }: { readonly jobs: Nodes['api']['jobs'] }) {
  return (
    <Card title="What goes on in the background">
      {jobs.length === 0 ? (
        <Empty title="Nothing ran yet">Each job shows here once it has run.</Empty>
      ) : (
        <Table
          caption="What goes on in the background"
          items={jobs}
          keyOf={({ name }) => name}
          columns={[
            { head: 'Job', cell: ({ name }) => name },
            {
              head: 'State',
              cell: ({ fault }) => (
                <Badge tone={fault === null ? 'good' : 'bad'}>
                  {fault === null ? 'works' : 'failed'}
                </Badge>
              ),
            },
            { head: 'Last run', cell: ({ lastRunAt }) => <Moment at={lastRunAt} /> },
            { head: 'Last success', cell: ({ lastSuccessAt }) => <Moment at={lastSuccessAt} /> },
            { head: 'What was wrong', cell: ({ fault }) => fault ?? '' },
          ]}
        />
      )}
    </Card>
  );
}
