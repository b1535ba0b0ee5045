import { useQuery } from '@tanstack/react-query';
import { readDelivery } from '../../api/receive.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Dialog } from '../../ui/dialog.js';
import { whole } from '../../ui/figures.js';
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

const SHOWN = 50;
const WHY = { expired: 'nobody acked it in time', nacked: 'the last attempt was nacked' } as const;

interface Props {
  readonly app: string;
  readonly channel: string;
  readonly group: string;
  readonly onClose: () => void;
}

export function DeadLettersDialog({ app, channel, group, onClose }: Props) {
  const path = `/v1/channels/${encodeURIComponent(channel)}/groups/${encodeURIComponent(group)}/dead?limit=${SHOWN}`;
  const query = useQuery({
    queryKey: ['apps', app, 'dead', channel, group],
    queryFn: () => readDelivery<{ messages: DeadLetter[]; next: number | null }>(app, path),
  });
  return (
    <Dialog
      title={`Dead letters of ${group}`}
      description="Messages whose last attempt was not acked, the oldest first; kept for 14 days."
      open
      onClose={onClose}
    >
      <Loaded query={query}>
        {({ messages, next }) => (
          <div className="stack">
            {messages.length === 0 && (
              <Empty title="No dead letter is kept any more">They were there once.</Empty>
            )}
            {messages.map(({ deadLetter, position, data, attempts, reason, deadAt }) => (
              <div key={deadLetter} className="stack-small">
                <span className="small">
                  <Moment at={deadAt} />: position {whole(position)}, {whole(attempts)} attempts,{' '}
                  {WHY[reason]}
                </span>
                <CodeBlock
                  label={`dead letter ${deadLetter}`}
                  text={typeof data === 'string' ? data : JSON.stringify(data, null, 2)}
                />
              </div>
            ))}
            {next !== null && (
              <p className="small soft">
                There are more: GET <code>{path.split('?', 1)[0]}</code> pages through them.
              </p>
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
