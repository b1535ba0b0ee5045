import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { answered, api } from '../../api/client.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Dialog } from '../../ui/dialog.js';
import { Loaded } from '../../ui/loaded.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Moment } from '../../ui/time.js';

interface Props {
  readonly webhook: string;
  readonly delivery: string;
  readonly onClose: () => void;
}

/** Each attempt: what was sent, and what came back. */
export function DeliveryDialog({ webhook, delivery, onClose }: Props) {
  const client = useQueryClient();
  const mayDevelop = useMay('develop');
  const query = useQuery({
    queryKey: ['webhooks', webhook, 'delivery', delivery],
    queryFn: () =>
      answered(
        api.GET('/v1/webhooks/{webhook}/deliveries/{delivery}', {
          params: { path: { webhook, delivery } },
        }),
      ),
  });
  const replay = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/webhooks/{webhook}/replay', {
          params: { path: { webhook } },
          body: { deliveryIds: [delivery] },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['webhooks', webhook] }),
  });
  return (
    <Dialog title="Delivery" open onClose={onClose}>
      <Loaded query={query}>
        {({ type, eventId, log }) => (
          <div className="stack">
            <p>
              <code>{type}</code>, webhook-id <code>{eventId}</code>
            </p>
            {log.length === 0 && <p className="soft">Not sent yet.</p>}
            {log.map(
              ({ number, replay: round, at, durationMs, request, status, error, response }) => (
                <section key={`${round}-${number}`} className="stack">
                  <h3>
                    Try {number}
                    {round > 0 ? ` of replay ${round}` : ''}: {status ?? error} after {durationMs}{' '}
                    ms, <Moment at={at} />
                  </h3>
                  <CodeBlock
                    label={`request of try ${number}`}
                    text={`POST ${request.url}\n${headerLines(request.headers)}\n\n${request.body}`}
                  />
                  {response && (
                    <CodeBlock
                      label={`answer to try ${number}`}
                      text={`${status}\n${headerLines(response.headers)}\n\n${response.body}${response.cut ? '\n…' : ''}`}
                    />
                  )}
                </section>
              ),
            )}
          </div>
        )}
      </Loaded>
      <ProblemNote problem={replay.error} />
      <div className="dialog-actions">
        {mayDevelop && (
          <Button busy={replay.isPending} onClick={() => replay.mutate()}>
            {replay.isSuccess ? 'Sent again' : 'Send again'}
          </Button>
        )}
        <Button kind="main" onClick={onClose}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}

function headerLines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}
