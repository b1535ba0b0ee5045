import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Message } from '../../../../../libs/sdk/src/index.js';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Button } from '../../ui/button.js';
import { bytes } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Facts } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Moment } from '../../ui/time.js';

type Trace =
  paths['/v1/apps/{app}/channels/{channel}/messages/{position}/trace']['get']['responses'][200]['content']['application/json'];
type Receiver = Trace['receivers'][number];

/** Milliseconds; receivers confirm when they ask on. */
const FRESH_MS = 2_000;

const TONE: Partial<Record<Receiver['outcome'], 'good' | 'warn' | 'bad'>> = {
  confirmed: 'good',
  acked: 'good',
  nacked: 'warn',
  dead: 'bad',
  closed: 'bad',
  cut: 'bad',
};

interface Props {
  readonly app: string;
  readonly message: Pick<Message, 'channel' | 'position'>;
}

/** What became of one message: to whom it was handed, and what they confirmed, or why not. */
export function TracePanel({ app, message: { channel, position } }: Props) {
  const client = useQueryClient();
  const path = { app, channel, position: String(position) };
  const queryKey = ['apps', app, 'trace', channel, position];
  const query = useQuery({
    queryKey,
    queryFn: () =>
      answered(
        api.GET('/v1/apps/{app}/channels/{channel}/messages/{position}/trace', {
          params: { path },
        }),
      ),
    refetchInterval: ({ state }) => (state.data?.trace ? FRESH_MS : false),
  });
  const begin = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/apps/{app}/channels/{channel}/trace', {
          params: { path: { app, channel } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey }),
  });
  return (
    <section className="stack" aria-label="Trace">
      <Loaded query={query}>
        {({ message, trace, receivers, because }) => (
          <>
            <Facts
              items={[
                ['Stored', <Moment key="s" at={message.storedAt} />],
                ['Size', bytes(message.bytes)],
                ['Published by key', message.keyId ? <code key="k">{message.keyId}</code> : '–'],
                [
                  'Traced',
                  trace ? (
                    <>
                      until <Moment key="u" at={trace.until} />
                    </>
                  ) : (
                    'no'
                  ),
                ],
              ]}
            />
            <p className="small soft">{because}</p>
            {receivers.length > 0 && (
              <Table
                caption="Receivers"
                items={receivers}
                keyOf={(_receiver, index) => String(index)}
                columns={[
                  { head: 'To', cell: (receiver) => <Who receiver={receiver} /> },
                  { head: 'Handed', cell: ({ at }) => <Moment at={at} /> },
                  {
                    head: 'Became',
                    cell: ({ outcome }) => <Badge tone={TONE[outcome]}>{outcome}</Badge>,
                  },
                ]}
              />
            )}
            <ProblemNote problem={begin.error} />
            <div>
              <Button size="small" busy={begin.isPending} onClick={() => begin.mutate()}>
                {trace ? 'Trace for ten more minutes' : 'Trace this channel for ten minutes'}
              </Button>
            </div>
          </>
        )}
      </Loaded>
    </section>
  );
}

function Who({ receiver }: { readonly receiver: Receiver }) {
  const { clientId, keyId, kind, transport, group, attempt } = receiver;
  return (
    <div className="stack-small">
      <strong>{clientId ?? `key ${keyId}`}</strong>
      <span className="small soft">
        {kind} over {transport}
        {group !== null && `, group ${group}`}
        {attempt !== null && `, attempt ${attempt}`}
      </span>
    </div>
  );
}
