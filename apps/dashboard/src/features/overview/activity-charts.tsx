import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Chart } from '../../ui/chart.js';
import { amount, short, whole } from '../../ui/figures.js';
import { Card, Empty } from '../../ui/page.js';
import { nowOf, sum, type Activity } from './activity-query.js';

const SHOWN_CODES = 4;
const WHEN = { '1h': 'in the last hour', '24h': 'in the last day', '30d': 'in 30 days' } as const;
const milliseconds = (value: number) => `${amount(value)} ms`;

/** What happened lately: numbers of now, and a chart of each. */
export function ActivityCharts({ activity, start }: { activity: Activity; start: string | null }) {
  const { series, from, stepSeconds } = activity;
  const when = WHEN[activity.window];
  const now = nowOf(activity);
  const times = useMemo(() => {
    const first = Date.parse(from) / 1000;
    return series.published.map((_value, index) => first + index * stepSeconds);
  }, [series, from, stepSeconds]);
  const published = sum(series.published);
  const delivered = sum(series.delivered);
  const isEmpty = published + delivered + sum(series.holds) === 0;
  return (
    <>
      <div className="figures">
        <Figure
          title="Published"
          value={`${short(now.published)} /s`}
          note={`${whole(published)} ${when}`}
        />
        <Figure
          title="Delivered"
          value={`${short(now.delivered)} /s`}
          note={`${whole(delivered)} ${when}`}
        />
        <Figure title="Holds now" value={short(now.holds)} note="requests and streams" />
        <Figure
          title="Publish to deliver"
          value={now.p50 === null ? '–' : milliseconds(now.p50)}
          note={now.p99 === null ? 'none was measured' : `p50; p99: ${milliseconds(now.p99)}`}
        />
        <Figure title="Refused" value={short(now.refused)} note={when} />
      </div>
      <Card title="Messages">
        {isEmpty ? (
          <Empty title="Nothing happened in this time">
            {start === null ? (
              <Link to="/apps">Make an app first</Link>
            ) : (
              <Link to="/apps/$app/start" params={{ app: start }}>
                Publish the first message
              </Link>
            )}
          </Empty>
        ) : (
          <Chart
            label={`${whole(published)} messages published and ${whole(delivered)} delivered`}
            times={times}
            series={[
              { label: 'Published', values: series.published },
              { label: 'Delivered', values: series.delivered },
            ]}
          />
        )}
      </Card>
      {!isEmpty && (
        <div className="grid-2">
          <Card title="Held at once">
            <Chart
              label={`${whole(now.holds)} requests and streams held now`}
              times={times}
              series={[{ label: 'Held', values: series.holds }]}
              height={150}
            />
          </Card>
          <Card title="Publish to deliver">
            {now.p50 === null ? (
              <Empty title="No latency was measured">
                It is measured when a message comes while somebody holds for it.
              </Empty>
            ) : (
              <Chart
                label={`Half of the messages within ${milliseconds(now.p50)} at last`}
                times={times}
                series={[
                  { label: 'p50', values: series.latencyP50Ms },
                  { label: 'p99', values: series.latencyP99Ms },
                ]}
                format={milliseconds}
                height={150}
              />
            )}
          </Card>
        </div>
      )}
      <Errors activity={activity} times={times} refused={now.refused} />
    </>
  );
}

interface ErrorsProps {
  readonly activity: Activity;
  readonly times: readonly number[];
  readonly refused: number;
}

/** The codes that occurred most; the rest in one line. */
function Errors({ activity, times, refused }: ErrorsProps) {
  const series = useMemo(() => {
    const codes = Object.entries(activity.series.errors).sort(([, a], [, b]) => sum(b) - sum(a));
    const shown = codes.length > SHOWN_CODES ? codes.slice(0, SHOWN_CODES - 1) : codes;
    const rest = codes.slice(shown.length).map(([, counts]) => counts);
    return [
      ...shown.map(([label, values]) => ({ label, values })),
      ...(rest.length === 0
        ? []
        : [
            {
              label: 'others',
              values: times.map((_time, index) =>
                rest.reduce((all, counts) => all + (counts[index] ?? 0), 0),
              ),
            },
          ]),
    ];
  }, [activity, times]);
  return (
    <Card title="Refusals by code">
      {refused === 0 ? (
        <Empty title="Nothing was refused">
          When a request is refused, its problem code and how often it came show here.
        </Empty>
      ) : (
        <Chart
          label={`${whole(refused)} requests refused: ${series.map(({ label }) => label).join(', ')}`}
          times={times}
          series={series}
          bars
          stacked
          height={150}
        />
      )}
    </Card>
  );
}

interface FigureProps {
  readonly title: string;
  readonly value: string;
  readonly note: string;
}

function Figure({ title, value, note }: FigureProps) {
  return (
    <div className="card figure" role="group" aria-label={title}>
      <span className="soft">{title}</span>
      <span className="value">{value}</span>
      <span className="soft small">{note}</span>
    </div>
  );
}
