import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { ApiProblem, answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Check, SelectField, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { DEFAULT_RULES, type Rules } from './rules.js';

interface Props {
  readonly app: string;
  /** null: a new one. */
  readonly namespace: (Rules & { readonly name: string }) | null;
  readonly onClose: () => void;
}

export function NamespaceDialog({ app, namespace, onClose }: Props) {
  const client = useQueryClient();
  const [name, setName] = useState(namespace?.name ?? '');
  const [rules, setRules] = useState<Rules>(namespace ?? DEFAULT_RULES);
  const set = (change: Partial<Rules>) => setRules({ ...rules, ...change });
  const save = useMutation({
    mutationFn: () => {
      const { retentionSeconds, retentionMessages, persistence, presence } = rules;
      const { maxMessageBytes, publishers } = rules;
      const body = {
        retentionSeconds,
        retentionMessages,
        persistence,
        presence,
        maxMessageBytes,
        publishers,
      };
      const path = { app };
      return namespace
        ? answered(
            api.PATCH('/v1/apps/{app}/namespaces/{namespace}', {
              params: { path: { app, namespace: namespace.name } },
              body,
            }),
          )
        : answered(
            api.POST('/v1/apps/{app}/namespaces', { params: { path }, body: { name, ...body } }),
          );
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['apps', app, 'namespaces'] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const problem = save.error instanceof ApiProblem ? save.error : null;
  return (
    <Dialog
      title={namespace ? `Rules of ${namespace.name}` : 'New namespace'}
      open
      onClose={onClose}
    >
      <form className="form" onSubmit={submit}>
        {!namespace && (
          <TextField
            label="Name"
            hint="What stands before the first colon of a channel: room for room:1, room:2 …"
            required
            value={name}
            fault={problem?.faultAt('/name')}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <TextField
          label="Messages are kept for (seconds)"
          type="number"
          min={60}
          required
          value={rules.retentionSeconds}
          fault={problem?.faultAt('/retentionSeconds')}
          onChange={(event) => set({ retentionSeconds: event.target.valueAsNumber })}
        />
        <TextField
          label="Messages kept in each channel at most"
          type="number"
          min={1}
          hint="Empty: as many as come."
          value={rules.retentionMessages ?? ''}
          fault={problem?.faultAt('/retentionMessages')}
          onChange={(event) =>
            set({
              retentionMessages: event.target.value === '' ? null : Number(event.target.value),
            })
          }
        />
        <TextField
          label="Bytes of one message at most"
          type="number"
          min={1}
          required
          value={rules.maxMessageBytes}
          fault={problem?.faultAt('/maxMessageBytes')}
          onChange={(event) => set({ maxMessageBytes: event.target.valueAsNumber })}
        />
        <SelectField
          label="Who may publish"
          value={rules.publishers}
          options={[
            { value: 'anyone', text: 'Whoever has the capability' },
            { value: 'keys', text: 'Keys alone, no client tokens' },
          ]}
          onChange={(event) => set({ publishers: event.target.value as Rules['publishers'] })}
        />
        <Check
          label="Messages are kept (off: for ten minutes only)"
          checked={rules.persistence}
          onChange={(event) => set({ persistence: event.target.checked })}
        />
        <Check
          label="Presence"
          checked={rules.presence}
          onChange={(event) => set({ presence: event.target.checked })}
        />
        <ProblemNote problem={save.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" busy={save.isPending}>
            {namespace ? 'Save' : 'Make the namespace'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
