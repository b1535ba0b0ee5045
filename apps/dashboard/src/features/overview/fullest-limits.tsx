import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { limitsQuery } from '../../api/queries.js';
import { whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Meter } from '../../ui/meter.js';
import { Card } from '../../ui/page.js';

const SHOWN = 5;

export function FullestLimits() {
  const query = useQuery(limitsQuery);
  return (
    <Card title="Limits, fullest first" actions={<Link to="/limits">All limits</Link>}>
      <Loaded query={query}>
        {({ limits }) => (
          <div className="stack">
            {limits
              .flatMap(({ name, title, used, max }) =>
                used !== null && max !== null && max > 0 ? [{ name, title, used, max }] : [],
              )
              .sort((a, b) => b.used / b.max - a.used / a.max)
              .slice(0, SHOWN)
              .map(({ name, title, used, max }) => (
                <div key={name} className="stack-small">
                  <div className="spread small">
                    <span>{title}</span>
                    <span className="soft">
                      {whole(used)} of {whole(max)}
                    </span>
                  </div>
                  <Meter label={title} used={used} max={max} />
                </div>
              ))}
          </div>
        )}
      </Loaded>
    </Card>
  );
}
