import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { LIVE_MS } from '../../api/queries.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Facts, Page } from '../../ui/page.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Moment } from '../../ui/time.js';
import { DeliveriesCard } from './deliveries-card.js';
import { Health } from './health.js';
import { ReplayDialog } from './replay-dialog.js';
import { SecretDialog } from './secret-dialog.js';

export function WebhookPage() {
  const { webhook } = useParams({ from: '/shell/webhooks/$webhook' });
  const client = useQueryClient();
  const navigate = useNavigate();
  const mayDevelop = useMay('develop');
  const [isReplaying, setReplaying] = useState(false);
  const params = { path: { webhook } };
  const query = useQuery({
    queryKey: ['webhooks', webhook],
    queryFn: () => answered(api.GET('/v1/webhooks/{webhook}', { params })),
    refetchInterval: LIVE_MS,
  });
  const again = () => client.invalidateQueries({ queryKey: ['webhooks'] });
  const test = useMutation({
    mutationFn: () => answered(api.POST('/v1/webhooks/{webhook}/test', { params })),
    onSettled: again,
  });
  const turn = useMutation({
    mutationFn: (enabled: boolean) =>
      answered(api.PATCH('/v1/webhooks/{webhook}', { params, body: { enabled } })),
    onSettled: again,
  });
  const rotate = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/webhooks/{webhook}/rotate', { params, body: { overlapSeconds: 86_400 } }),
      ),
    onSettled: again,
  });
  const remove = async () => {
    await answered(api.DELETE('/v1/webhooks/{webhook}', { params }));
    await navigate({ to: '/webhooks' });
    await again();
  };
  return (
    <Loaded query={query}>
      {(data) => (
        <Page
          title={data.url}
          actions={
            mayDevelop && (
              <>
                <Button busy={test.isPending} onClick={() => test.mutate()}>
                  Send a test
                </Button>
                <Button onClick={() => setReplaying(true)}>Replay</Button>
                <Button busy={turn.isPending} onClick={() => turn.mutate(!data.enabled)}>
                  {data.enabled ? 'Switch off' : 'Switch on'}
                </Button>
                <Button busy={rotate.isPending} onClick={() => rotate.mutate()}>
                  New secret
                </Button>
                <Confirm action="Remove" title="Remove this endpoint?" onConfirm={remove}>
                  It is told of nothing any more, and what waits for it is not sent.
                </Confirm>
              </>
            )
          }
        >
          <ProblemNote problem={test.error ?? turn.error ?? rotate.error} />
          {rotate.data && (
            <SecretDialog secret={rotate.data.secret} onClose={() => rotate.reset()} />
          )}
          <Card title="Endpoint">
            <Facts
              items={[
                ['Health', <Health key="h" webhook={data} />],
                ['Events', data.events.join(', ')],
                ['Channels', data.channels.join(', ')],
                ['Order', data.ordered ? 'one after another' : 'as fast as it can'],
                ['Failing since', <Moment key="f" at={data.health.failingSince} />],
                ['Last success', <Moment key="s" at={data.health.lastSuccessAt} />],
                ...(data.previousSecretUntil === null
                  ? []
                  : ([
                      ['Old secret signs until', <Moment key="p" at={data.previousSecretUntil} />],
                    ] as const)),
              ]}
            />
          </Card>
          <DeliveriesCard webhook={webhook} />
          {isReplaying && <ReplayDialog webhook={webhook} onClose={() => setReplaying(false)} />}
        </Page>
      )}
    </Loaded>
  );
}
