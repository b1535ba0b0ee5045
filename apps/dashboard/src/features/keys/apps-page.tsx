import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { appsQuery } from '../../api/queries.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { Empty, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { AppDialog } from './app-dialog.js';

export function AppsPage() {
  const { data: apps } = useSuspenseQuery(appsQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const mayDevelop = useMay('develop');
  const [isOpen, setOpen] = useState(false);
  const remove = async (app: string) => {
    await answered(api.DELETE('/v1/apps/{app}', { params: { path: { app } } }));
    await client.invalidateQueries({ queryKey: ['apps'] });
  };
  const create = mayDevelop && (
    <Button kind="main" onClick={() => setOpen(true)}>
      New app
    </Button>
  );
  return (
    <Page
      title="Apps"
      lead="An app has channels, keys and namespaces of its own. Usual: one for each product and stage."
      actions={create}
    >
      {apps.length === 0 ? (
        <div className="card">
          <Empty title="No app yet">Make one, and it gets keys and channels.</Empty>
        </div>
      ) : (
        <Table
          caption="Apps"
          items={apps}
          keyOf={({ id }) => id}
          columns={[
            {
              head: 'Name',
              cell: ({ id, name }) => (
                <Link to="/apps/$app/keys" params={{ app: id }}>
                  {name}
                </Link>
              ),
            },
            { head: 'Id', cell: ({ id }) => <code>{id}</code> },
            {
              head: 'Origins that browsers may call from',
              cell: ({ allowedOrigins }) =>
                allowedOrigins.includes('*') ? 'any' : allowedOrigins.join(', ') || 'none',
            },
            { head: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} day /> },
            {
              head: 'Actions',
              cell: (app) =>
                mayDevelop && (
                  <div className="row">
                    <Edit app={app} />
                    <Confirm
                      action="Delete"
                      size="small"
                      label={`Delete ${app.name}`}
                      title={`Delete ${app.name}?`}
                      onConfirm={() => remove(app.id)}
                    >
                      All of its keys stop within a second, requests that are held end, and its
                      channels can no longer be reached. This cannot be undone.
                    </Confirm>
                  </div>
                ),
            },
          ]}
        />
      )}
      {isOpen && (
        <AppDialog
          app={null}
          onClose={() => setOpen(false)}
          onSaved={(app) => void navigate({ to: '/apps/$app/start', params: { app: app.id } })}
        />
      )}
    </Page>
  );
}

function Edit({ app }: { readonly app: Parameters<typeof AppDialog>[0]['app'] & object }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button size="small" aria-label={`Edit ${app.name}`} onClick={() => setOpen(true)}>
        Edit
      </Button>
      {isOpen && (
        <AppDialog app={app} onClose={() => setOpen(false)} onSaved={() => setOpen(false)} />
      )}
    </>
  );
}
