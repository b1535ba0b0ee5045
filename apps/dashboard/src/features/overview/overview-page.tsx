import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { limitsQuery } from '../../api/queries.js';
import { useCurrentApp } from '../../app-shell/current-app.js';
import { short, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Empty, Page } from '../../ui/page.js';
import { Segments } from '../../ui/segments.js';
import { UsageChart } from '../usage/usage-chart.js';
import { lastHours, usageQuery } from '../usage/usage-query.js';
import { FullestLimits } from './fullest-limits.js';
import { SpendCard } from './spend-card.js';

const SPANS = [
  { value: '1h', text: '1 h' },
  { value: '24h', text: '24 h' },
  { value: '30d', text: '30 d' },
] as const;
type Span = (typeof SPANS)[number]['value'];
const ASKED = {
  '1h': { hours: 1, granularity: 'hour' },
  '24h': { hours: 24, granularity: 'hour' },
  '30d': { hours: 720, granularity: 'day' },
} as const;

export function OverviewPage() {
  const [span, setSpan] = useState<Span>('24h');
  const { app } = useCurrentApp();
  const { hours, granularity } = ASKED[span];
  const range = useMemo(() => lastHours(hours), [hours]);
  const usage = useQuery(usageQuery({ ...range, granularity }));
  const limits = useQuery(limitsQuery);
  const holds = limits.data?.limits.find(({ name }) => name === 'holds_key');
  return (
    <Page
      title="Overview"
      lead="What flows now, how full your limits are, and what it costs."
      actions={<Segments label="Time" options={SPANS} value={span} onChange={setSpan} />}
    >
      <Loaded query={usage}>
        {({ data, total }) => (
          <>
            <div className="grid-4">
              <Figure title="Published" value={total.messages_published} />
              <Figure title="Delivered" value={total.messages_delivered} />
              <Figure title="Holds now, fullest key" value={holds?.used ?? 0} />
              <Figure title="Peak of holds" value={total.peak_holds} />
            </div>
            <Card title="Messages">
              {total.messages_published + total.messages_delivered === 0 ? (
                <Empty title="No message in this time">
                  {app ? (
                    <Link to="/apps/$app/start" params={{ app: app.id }}>
                      Publish the first one
                    </Link>
                  ) : (
                    <Link to="/apps">Make an app first</Link>
                  )}
                </Empty>
              ) : (
                <UsageChart
                  label={`${whole(total.messages_published)} messages published and ${whole(total.messages_delivered)} delivered`}
                  buckets={data}
                  span={range}
                  step={granularity}
                  meters={[
                    { meter: 'messages_published', label: 'Published' },
                    { meter: 'messages_delivered', label: 'Delivered' },
                  ]}
                  bars={span === '1h'}
                />
              )}
            </Card>
          </>
        )}
      </Loaded>
      <div className="grid-2">
        <FullestLimits />
        <SpendCard />
      </div>
    </Page>
  );
}

function Figure({ title, value }: { readonly title: string; readonly value: number }) {
  return (
    <div className="card figure">
      <span className="soft">{title}</span>
      <span className="value" title={whole(value)}>
        {short(value)}
      </span>
    </div>
  );
}
