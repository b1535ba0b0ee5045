import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import {
  WEBHOOK_EVENTS,
  type WebhookEventType,
} from '../../../../../libs/contracts/src/webhook-events.js';
import { ApiProblem, answered, api } from '../../api/client.js';
import { appsQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Check, SelectField, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { SecretDialog } from './secret-dialog.js';

const TYPES = Object.keys(WEBHOOK_EVENTS) as WebhookEventType[];

export function WebhookDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const { data: apps } = useSuspenseQuery(appsQuery);
  const [url, setUrl] = useState('https://');
  const [app, setApp] = useState('');
  const [channels, setChannels] = useState('*');
  const [events, setEvents] = useState<readonly WebhookEventType[]>(['message.published']);
  const [isOrdered, setOrdered] = useState(false);
  const create = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/webhooks', {
          body: {
            url,
            events: [...events],
            channels: channels.split(/[\s,]+/).filter(Boolean),
            ordered: isOrdered,
            ...(app && { appId: app }),
          },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['webhooks'] }),
  });
  if (create.data) return <SecretDialog secret={create.data.secret} onClose={onClose} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const problem = create.error instanceof ApiProblem ? create.error : null;
  return (
    <Dialog title="New endpoint" open onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <TextField
          label="URL"
          type="url"
          required
          hint="https, on the public internet."
          value={url}
          fault={problem?.faultAt('/url')}
          onChange={(event) => setUrl(event.target.value)}
        />
        <SelectField
          label="App"
          value={app}
          options={[
            { value: '', text: 'Every app, and the tenant’s own events' },
            ...apps.map(({ id, name }) => ({ value: id, text: name })),
          ]}
          onChange={(event) => setApp(event.target.value)}
        />
        <fieldset className="field">
          <legend>Events</legend>
          {TYPES.map((type) => (
            <Check
              key={type}
              label={
                <>
                  <code>{type}</code> <span className="soft small">{WEBHOOK_EVENTS[type]}</span>
                </>
              }
              checked={events.includes(type)}
              onChange={() =>
                setEvents(
                  events.includes(type)
                    ? events.filter((other) => other !== type)
                    : [...events, type],
                )
              }
            />
          ))}
        </fieldset>
        <TextField
          label="Channels"
          hint="Whose messages, presence and receivers: names, room:* or *."
          required
          value={channels}
          onChange={(event) => setChannels(event.target.value)}
        />
        <Check
          label="One after another: a delivery that fails holds up those behind it"
          checked={isOrdered}
          onChange={(event) => setOrdered(event.target.checked)}
        />
        <ProblemNote problem={create.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" busy={create.isPending}>
            Make the endpoint
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
