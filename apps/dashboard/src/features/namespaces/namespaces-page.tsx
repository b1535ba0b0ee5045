import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { namespacesQuery } from '../../api/queries.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { bytes, whole } from '../../ui/figures.js';
import { Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { NamespaceDialog } from './namespace-dialog.js';
import { timeText, type Rules } from './rules.js';

export function NamespacesPage() {
  const { app } = useParams({ from: '/shell/apps/$app/namespaces' });
  const query = useInfiniteQuery(namespacesQuery(app));
  const client = useQueryClient();
  const mayDevelop = useMay('develop');
  const [edited, setEdited] = useState<(Rules & { name: string }) | 'new' | null>(null);
  const remove = async (namespace: string) => {
    await answered(
      api.DELETE('/v1/apps/{app}/namespaces/{namespace}', { params: { path: { app, namespace } } }),
    );
    await client.invalidateQueries({ queryKey: ['apps', app, 'namespaces'] });
  };
  return (
    <Page
      title="Namespaces"
      lead="Rules for all channels whose names begin alike. A channel without a namespace keeps its messages for a day."
      actions={
        mayDevelop && (
          <Button kind="main" onClick={() => setEdited('new')}>
            New namespace
          </Button>
        )
      }
    >
      <PagedTable
        caption="Namespaces"
        query={query}
        keyOf={({ name }) => name}
        empty={
          <Empty title="No namespace yet">
            Channels work without one. Make one to keep messages longer or shorter, to switch
            presence off, or to let keys alone publish.
          </Empty>
        }
        columns={[
          { head: 'Name', cell: ({ name }) => <code>{name}:</code> },
          {
            head: 'Messages are kept',
            cell: ({ persistence, retentionSeconds, retentionMessages }) =>
              persistence
                ? `${timeText(retentionSeconds)}${retentionMessages === null ? '' : `, ${whole(retentionMessages)} a channel`}`
                : 'ten minutes',
          },
          {
            head: 'One message',
            cell: ({ maxMessageBytes }) => `${bytes(maxMessageBytes)} at most`,
          },
          { head: 'Presence', cell: ({ presence }) => (presence ? 'on' : 'off') },
          {
            head: 'Publishers',
            cell: ({ publishers }) => (publishers === 'keys' ? 'keys alone' : 'anyone who may'),
          },
          {
            head: 'Actions',
            cell: (namespace) =>
              mayDevelop && (
                <div className="row">
                  <Button
                    size="small"
                    aria-label={`Edit ${namespace.name}`}
                    onClick={() => setEdited(namespace)}
                  >
                    Edit
                  </Button>
                  <Confirm
                    action="Remove"
                    size="small"
                    label={`Remove ${namespace.name}`}
                    title={`Remove the rules of ${namespace.name}?`}
                    onConfirm={() => remove(namespace.name)}
                  >
                    Its channels stay and follow the defaults from now on: messages older than a day
                    are no longer kept.
                  </Confirm>
                </div>
              ),
          },
        ]}
      />
      {edited !== null && (
        <NamespaceDialog
          app={app}
          namespace={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
    </Page>
  );
}
