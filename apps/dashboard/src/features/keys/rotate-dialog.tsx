import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { SelectField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { ShownOnce, type Secrets } from './shown-once.js';

const GRACE = [
  { value: '0', text: 'Not at all: it stops now' },
  { value: '3600', text: 'For an hour' },
  { value: '86400', text: 'For a day' },
  { value: '604800', text: 'For a week' },
  { value: '2592000', text: 'For 30 days' },
];

interface Props {
  readonly app: string;
  readonly keyId: string;
  readonly name: string;
  readonly onClose: () => void;
}

export function RotateDialog({ app, keyId, name, onClose }: Props) {
  const client = useQueryClient();
  const [made, setMade] = useState<Secrets | null>(null);
  const [grace, setGrace] = useState('86400');
  const rotate = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/apps/{app}/keys/{key}/rotate', {
          params: { path: { app, key: keyId } },
          body: { graceSeconds: Number(grace) },
        }),
      ),
    onSuccess: async (key) => {
      setMade(key);
      await client.invalidateQueries({ queryKey: ['apps', app, 'keys'] });
    },
  });
  if (made) return <ShownOnce secrets={made} title="The new key" onClose={onClose} />;
  return (
    <Dialog
      title={`Rotate ${name}`}
      description="A new key with the same rights takes its place."
      open
      onClose={onClose}
    >
      <SelectField
        label="The old key goes on working"
        value={grace}
        options={GRACE}
        onChange={(event) => setGrace(event.target.value)}
      />
      <ProblemNote problem={rotate.error} />
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="main" busy={rotate.isPending} onClick={() => rotate.mutate()}>
          Rotate
        </Button>
      </div>
    </Dialog>
  );
}
