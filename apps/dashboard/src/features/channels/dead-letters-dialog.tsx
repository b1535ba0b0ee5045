import { useInfiniteQuery } from '@tanstack/react-query';
import { readDelivery } from '../../api/receive.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Dialog } from '../../ui/dialog.js';
import { counted, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Empty } from '../../ui/page.js';
import { Moment } from '../../ui/time.js';

interface DeadLetter {
  readonly deadLetter: number;
  readonly position: number;
  readonly data: unknown;
  readonly attempts: number;
  readonly reason: 'expired' | 'nacked';
  readonly deadAt: string;
}

const PAGE = 20;
const WHY = { expired: 'nobody acked it in time', nacked: 'the last attempt was nacked' } as const;

interface Props {
  readonly app: string;
  readonly channel: string;
  readonly group: string;
  readonly onClose: () => void;
}

export function DeadLettersDialog({ app, channel, group, onClose }: Props) {
  const path = `/v1/channels/${encodeURIComponent(channel)}/groups/${encodeURIComponent(group)}/dead?limit=${PAGE}`;
  const query = useInfiniteQuery({
    queryKey: ['apps', app, 'dead', channel, group],
    queryFn: ({ pageParam }) =>
      readDelivery<{ messages: DeadLetter[]; next: number | null }>(
        app,
        pageParam === null ? path : `${path}&after=${pageParam}`,
      ),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
  });
  return (
    <Dialog
      title={`Dead letters of ${group}`}
      description="Messages whose last attempt was not acked, the oldest first; kept for 14 days."
      open
      onClose={onClose}
    >
      <Loaded query={query}>
        {({ pages }) => (
          <div className="stack">
            {pages[0]?.messages.length === 0 && (
              <Empty title="No dead letter is kept any more">
                They were there once. The messages themselves are in the channel’s history for as
                long as it is kept.
              </Empty>
            )}
            {pages
              .flatMap(({ messages }) => messages)
              .map(({ deadLetter, position, data, attempts, reason, deadAt }) => (
                <div key={deadLetter} className="stack-small">
                  <span className="small">
                    <Moment at={deadAt} />: position {whole(position)},{' '}
                    {counted(attempts, 'attempt')}, {WHY[reason]}
                  </span>
                  <CodeBlock
                    label={`dead letter ${deadLetter}`}
                    text={typeof data === 'string' ? data : JSON.stringify(data, null, 2)}
                  />
                </div>
              ))}
            {query.hasNextPage && (
              <div>
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Show more
                </Button>
              </div>
            )}
          </div>
        )}
      </Loaded>
      <div className="dialog-actions">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
