import { useQuery } from '@tanstack/react-query';
import { bytes, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Empty, Facts, Page } from '../../ui/page.js';
import { Moment } from '../../ui/time.js';
import { Fault, Named } from './health-head.js';
import { JobsCard } from './jobs-card.js';
import { NodeCard } from './node-card.js';
import { nodesQuery } from './operator-queries.js';

export function ServersPage() {
  const query = useQuery(nodesQuery);
  return (
    <Page
      title="Servers"
      lead="Which are there, which configuration each works with, and how its log is. Looked at anew every few seconds."
    >
      <Loaded query={query}>
        {({ api, delivery, nodes }) => (
          <>
            <div className="grid-2">
              <Card title={<Named name="Control plane" ok={api.database.ok} />}>
                <Fault text={api.database.fault} />
                <Facts
                  items={[
                    ['Database', api.database.ok ? 'answers' : 'away'],
                    ['Configuration', api.configVersion === null ? '–' : whole(api.configVersion)],
                    ['Usage counted up to', <Moment key="u" at={api.usageUpTo} />],
                    ['Started', <Moment key="s" at={api.startedAt} />],
                    ['Memory', bytes(api.memoryBytes)],
                  ]}
                />
              </Card>
              <Card title={<Named name="Delivery as a whole" ok={delivery.ok} />}>
                <Fault text={delivery.fault} />
                <p className="soft">
                  {delivery.ok
                    ? 'It is ready: messages flow.'
                    : 'Messages do not flow. Look at /readyz of the delivery server.'}
                </p>
              </Card>
            </div>
            {nodes.length === 0 && (
              <Card>
                <Empty title="No delivery server has asked for its configuration">
                  Start one; it shows here within seconds.
                </Empty>
              </Card>
            )}
            {nodes.map((node) => (
              <NodeCard key={node.id} node={node} />
            ))}
            <JobsCard jobs={api.jobs} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
