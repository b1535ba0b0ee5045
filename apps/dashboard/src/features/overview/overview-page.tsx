import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useCurrentApp } from '../../app-shell/current-app.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { Segments } from '../../ui/segments.js';
import { ActivityCharts } from './activity-charts.js';
import { activityQuery, type Window } from './activity-query.js';
import { FullestLimits } from './fullest-limits.js';
import { SpendCard } from './spend-card.js';

const WINDOWS = [
  { value: '1h', text: '1 h' },
  { value: '24h', text: '24 h' },
  { value: '30d', text: '30 d' },
] as const;

export function OverviewPage() {
  const [window, setWindow] = useState<Window>('1h');
  const [of, setOf] = useState('');
  const { apps, app } = useCurrentApp();
  const query = useQuery(activityQuery(window, of));
  return (
    <Page
      title="Overview"
      lead="What flows now, how full your limits are, and what it costs."
      actions={
        <>
          {apps.length > 1 && (
            <select
              className="input"
              aria-label="Of which app"
              value={of}
              onChange={(event) => setOf(event.target.value)}
            >
              <option value="">All apps</option>
              {apps.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
          <Segments label="Time" options={WINDOWS} value={window} onChange={setWindow} />
        </>
      }
    >
      <Loaded query={query}>
        {(activity) => (
          <>
            {activity.note && (
              <div className="note" data-tone="warn" role="status">
                {activity.note}
              </div>
            )}
            <ActivityCharts activity={activity} start={app?.id ?? null} />
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
