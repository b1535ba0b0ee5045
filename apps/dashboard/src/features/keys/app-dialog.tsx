import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { ApiProblem, answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { TextArea, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';

interface App {
  readonly id: string;
  readonly name: string;
  readonly allowedOrigins: readonly string[];
}

interface Props {
  /** null: a new one. */
  readonly app: App | null;
  readonly onClose: () => void;
  readonly onSaved: (app: App) => void;
}

export function AppDialog({ app, onClose, onSaved }: Props) {
  const client = useQueryClient();
  const [name, setName] = useState(app?.name ?? '');
  const [origins, setOrigins] = useState((app?.allowedOrigins ?? ['*']).join('\n'));
  const save = useMutation({
    mutationFn: (): Promise<App> => {
      const body = { name, allowedOrigins: origins.split(/\s+/).filter((text) => text !== '') };
      return app
        ? answered(api.PATCH('/v1/apps/{app}', { params: { path: { app: app.id } }, body }))
        : answered(api.POST('/v1/apps', { body }));
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ['apps'] });
      onSaved(saved);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const problem = save.error instanceof ApiProblem ? save.error : null;
  return (
    <Dialog title={app ? `Edit ${app.name}` : 'New app'} open onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <TextField
          label="Name"
          required
          maxLength={100}
          value={name}
          fault={problem?.faultAt('/name')}
          onChange={(event) => setName(event.target.value)}
        />
        <TextArea
          label="Origins that browsers may call from"
          hint="One a line, such as https://app.example.com; * for any."
          value={origins}
          onChange={(event) => setOrigins(event.target.value)}
        />
        <ProblemNote problem={save.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" busy={save.isPending}>
            {app ? 'Save' : 'Make the app'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
