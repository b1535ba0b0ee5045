import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Message } from '../../../../../libs/sdk/src/index.js';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Button } from '../../ui/button.js';
import { bytes, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Facts } from '../../ui/page.js';
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

/** What an outcome's word does not say by itself. */
const WHY: Partial<Record<Receiver['outcome'], string>> = {
  handed: 'on its way, nothing more is known yet',
  written: 'all of it has left the server, and is not confirmed yet',
  confirmed: 'asked on from after it',
  dead: 'the group gave it up after the last attempt',
  filtered: 'its own filter left it out',
  closed: 'the connection ended before all was written',
  cut: 'it took nothing for too long',
  gone: 'it had left shortly before',
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
            {trace?.complete ? (
              <p className="small soft">{because}</p>
            ) : (
              <div className="note" data-tone="warn">
                {because}
              </div>
            )}
            {receivers.length > 0 && (
              <section className="receivers" aria-label="Receivers" tabIndex={0}>
                <ul>
                  {receivers.map((receiver, index) => (
                    <Received key={index} receiver={receiver} storedAt={message.storedAt} />
                  ))}
                </ul>
              </section>
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

interface ReceivedProps {
  readonly receiver: Receiver;
  readonly storedAt: string;
}

function Received({ receiver, storedAt }: ReceivedProps) {
  const { clientId, keyId, kind, transport, group, attempt, at, outcome } = receiver;
  return (
    <li className="stack-small">
      <div className="spread">
        <strong>{clientId ?? `key ${keyId}`}</strong>
        <Badge tone={TONE[outcome]}>{outcome}</Badge>
      </div>
      <span className="small soft">
        <time dateTime={at} title={at}>
          {between(storedAt, at)}
        </time>{' '}
        after it was stored, to a {kind} over {transport}
        {group !== null && `, group ${group}`}
        {attempt !== null && `, attempt ${attempt}`}
        {WHY[outcome] && `; ${WHY[outcome]}`}
      </span>
    </li>
  );
}

function between(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from);
  return ms < 1_000 ? `${whole(ms)} ms` : `${whole(Math.round(ms / 1_000))} s`;
}
