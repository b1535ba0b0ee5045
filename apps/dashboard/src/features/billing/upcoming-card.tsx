import { useQuery } from '@tanstack/react-query';
import { ApiProblem } from '../../api/client.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Empty } from '../../ui/page.js';
import { dayText, Moment } from '../../ui/time.js';
import { upcomingQuery } from './billing-queries.js';
import { LinesTable } from './lines-table.js';

export function UpcomingCard() {
  const query = useQuery(upcomingQuery);
  if (query.error instanceof ApiProblem && query.error.status === 404) {
    return (
      <Card title="This period so far">
        <Empty title="Nothing is billed">Choose a plan, and its next invoice builds up here.</Empty>
      </Card>
    );
  }
  return (
    <Card
      title="This period so far"
      actions={
        query.data && (
          <span className="small soft">
            up to <Moment at={query.data.asOf} />, drawn up on {dayText(query.data.periodEnd)}
          </span>
        )
      }
    >
      <Loaded query={query}>
        {(upcoming) =>
          upcoming.lines.length === 0 ? (
            <Empty title="It costs nothing so far">Lines show here as usage comes.</Empty>
          ) : (
            <LinesTable lines={upcoming.lines} totals={upcoming} />
          )
        }
      </Loaded>
    </Card>
  );
}
