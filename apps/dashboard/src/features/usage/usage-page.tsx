import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { METERS, METER_NAMES, type Meter } from '../../../../../libs/contracts/src/meters.js';
import { appsQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { SelectField } from '../../ui/field.js';
import { amount } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Empty, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Segments } from '../../ui/segments.js';
import { Moment } from '../../ui/time.js';
import { downloadCsv } from './csv.js';
import { UsageChart } from './usage-chart.js';
import { lastHours, usageQuery, type Step } from './usage-query.js';

const SPANS = {
  day: { text: '24 hours', hours: 24, granularity: 'hour' },
  week: { text: '7 days', hours: 168, granularity: 'hour' },
  month: { text: '30 days', hours: 720, granularity: 'day' },
  year: { text: '12 months', hours: 8_784, granularity: 'month' },
} as const satisfies Record<string, { text: string; hours: number; granularity: Step }>;
type SpanName = keyof typeof SPANS;

const GROUPS = [
  { value: 'app', text: 'App' },
  { value: 'app,key', text: 'Key' },
  { value: 'app,namespace', text: 'Namespace' },
  { value: 'app,channel', text: 'Channel' },
];

export function UsagePage() {
  const { data: apps } = useSuspenseQuery(appsQuery);
  const [span, setSpan] = useState<SpanName>('day');
  const [app, setApp] = useState('');
  const [meter, setMeter] = useState<Meter>('messages_published');
  const [groupBy, setGroupBy] = useState('app');
  const range = useMemo(() => lastHours(SPANS[span].hours), [span]);
  const narrowed = app === '' ? range : { ...range, app };
  const series = useQuery(usageQuery({ ...narrowed, granularity: SPANS[span].granularity }));
  const parts = useQuery(usageQuery({ ...narrowed, granularity: 'total', groupBy }));
  const appName = (id: string | undefined) =>
    apps.find((one) => one.id === id)?.name ?? (id === undefined ? '' : `${id} (deleted)`);
  return (
    <Page
      title="Usage"
      lead="Every unit counted once. What is sent again after a fault of ours costs nothing."
    >
      <div className="row">
        <Segments
          label="Time"
          value={span}
          onChange={setSpan}
          options={(Object.keys(SPANS) as SpanName[]).map((value) => ({
            value,
            text: SPANS[value].text,
          }))}
        />
        <SelectField
          label="App"
          value={app}
          options={[
            { value: '', text: 'All apps' },
            ...apps.map(({ id, name }) => ({ value: id, text: name })),
          ]}
          onChange={(event) => setApp(event.target.value)}
        />
        <SelectField
          label="Meter"
          value={meter}
          options={METER_NAMES.map((name) => ({ value: name, text: METERS[name].title }))}
          onChange={(event) => setMeter(event.target.value as Meter)}
        />
      </div>
      <Loaded query={series}>
        {({ data, total, asOf }) => (
          <>
            <Card
              title={METERS[meter].title}
              actions={
                <span className="small soft">
                  counted up to <Moment at={asOf} />
                </span>
              }
            >
              {data.length === 0 ? (
                <Empty title="Nothing was used in this time">
                  Publish a message, and it shows here within seconds.
                </Empty>
              ) : (
                <UsageChart
                  label={`${METERS[meter].title}: ${amount(total[meter])} ${METERS[meter].unit}s in the last ${SPANS[span].text}`}
                  buckets={data}
                  span={range}
                  step={SPANS[span].granularity}
                  meters={[{ meter, label: METERS[meter].title }]}
                  bars
                />
              )}
            </Card>
            <Card
              title="In all"
              actions={
                <Button size="small" onClick={() => downloadCsv('usage.csv', data)}>
                  Download as CSV
                </Button>
              }
            >
              <Table
                caption="Usage by meter"
                items={METER_NAMES}
                keyOf={(name) => name}
                columns={[
                  { head: 'Meter', cell: (name) => METERS[name].title },
                  { head: 'Used', numeric: true, cell: (name) => amount(total[name]) },
                  { head: 'Unit', cell: (name) => METERS[name].unit },
                ]}
              />
            </Card>
          </>
        )}
      </Loaded>
      <Card
        title="By"
        actions={
          <Segments label="Grouped by" options={GROUPS} value={groupBy} onChange={setGroupBy} />
        }
      >
        <Loaded query={parts}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="Nothing to tell apart yet">Choose a longer time.</Empty>
            ) : (
              <div className="stack">
                <Table
                  caption="Usage by group"
                  items={[...data].sort((a, b) => b.usage[meter] - a.usage[meter])}
                  keyOf={({ app: id, key, namespace, channel }) =>
                    [id, key, namespace, channel].join(' ')
                  }
                  columns={[
                    { head: 'App', cell: (part) => appName(part.app) },
                    ...(groupBy === 'app'
                      ? []
                      : [
                          {
                            head: GROUPS.find(({ value }) => value === groupBy)?.text ?? '',
                            cell: (part: (typeof data)[number]) => (
                              <code>
                                {part.key ?? part.namespace ?? (part.channel || 'others')}
                              </code>
                            ),
                          },
                        ]),
                    {
                      head: METERS[meter].title,
                      numeric: true,
                      cell: ({ usage }) => amount(usage[meter]),
                    },
                  ]}
                />
                <div>
                  <Button size="small" onClick={() => downloadCsv('usage-by-group.csv', data)}>
                    Download this as CSV
                  </Button>
                </div>
              </div>
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}
