import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { ApiProblem, answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { keysQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { SelectField, TextArea, TextField } from '../../ui/field.js';
import { Badge, Card } from '../../ui/page.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { OPERATIONS } from './capabilities.js';

type CanBody = paths['/v1/apps/{app}/can']['post']['requestBody']['content']['application/json'];
type By = 'keyId' | 'token' | 'capabilities';

const BY = [
  { value: 'keyId', text: 'A key of this app' },
  { value: 'token', text: 'A client token' },
  { value: 'capabilities', text: 'Capabilities' },
];

/** "May this publish here?", asked of the checks that a request goes through. Nothing is sent or kept. */
export function TesterCard({ app }: { readonly app: string }) {
  const query = useInfiniteQuery(keysQuery(app));
  const keys = query.data?.pages.flatMap(({ data }) => data) ?? [];
  const [by, setBy] = useState<By>('keyId');
  const [key, setKey] = useState('');
  const [token, setToken] = useState('');
  const [capabilities, setCapabilities] = useState('{ "room:*": ["subscribe"] }');
  const [channel, setChannel] = useState('hello');
  const [operation, setOperation] = useState<CanBody['operation']>('publish');
  const [clientId, setClientId] = useState('');
  const keyId = key || (keys[0]?.id ?? '');
  const test = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/apps/{app}/can', {
          params: { path: { app } },
          body: {
            channel,
            operation,
            ...(by === 'keyId' && { keyId }),
            ...(by === 'token' && { token: token.trim() }),
            ...(by === 'capabilities' && { capabilities: read(capabilities) }),
            ...(by !== 'token' && clientId && { clientId }),
          },
        }),
      ),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    test.mutate();
  };
  return (
    <Card title="Who may do what?">
      {/* An answer is of what was asked: with another question it is gone. */}
      <form className="form" onSubmit={submit} onChange={() => test.reset()}>
        <p className="soft">
          Asked of the checks that a request goes through, with the keys, revocations and namespaces
          of now. Nothing is published, received or kept.
        </p>
        <div className="grid-2">
          <div className="stack">
            <SelectField
              label="Who"
              value={by}
              options={BY}
              onChange={(event) => setBy(event.target.value as By)}
            />
            {by === 'keyId' && (
              <SelectField
                label="Key"
                required
                hint={query.isSuccess && keys.length === 0 ? 'Make a key first.' : undefined}
                value={keyId}
                options={keys.map(({ id, name, status }) => ({
                  value: id,
                  text: `${name ?? id}${status === 'active' ? '' : ` (${status})`}`,
                }))}
                onChange={(event) => setKey(event.target.value)}
              />
            )}
            {by === 'token' && (
              <TextArea
                label="Token"
                hint="It is verified, and not kept."
                rows={3}
                required
                value={token}
                onChange={(event) => setToken(event.target.value)}
              />
            )}
            {by === 'capabilities' && (
              <TextArea
                label="Capabilities as JSON"
                rows={3}
                required
                value={capabilities}
                onChange={(event) => setCapabilities(event.target.value)}
              />
            )}
          </div>
          <div className="stack">
            <SelectField
              label="What"
              value={operation}
              options={OPERATIONS.map((value) => ({ value, text: value }))}
              onChange={(event) => setOperation(event.target.value as CanBody['operation'])}
            />
            <TextField
              label="Channel to test"
              required
              value={channel}
              onChange={(event) => setChannel(event.target.value)}
            />
            {by !== 'token' && (
              <TextField
                label="As client"
                hint="As a token for this client would be treated. May be left out."
                value={clientId}
                onChange={(event) => setClientId(event.target.value)}
              />
            )}
          </div>
        </div>
        <ProblemNote problem={test.error} />
        {test.data && (
          <div className="note" data-tone={test.data.allowed ? 'good' : 'bad'} role="status">
            <Badge tone={test.data.allowed ? 'good' : 'bad'}>
              {test.data.allowed ? 'It may' : 'It may not'}
            </Badge>{' '}
            {test.data.because}
          </div>
        )}
        <div>
          <Button type="submit" busy={test.isPending}>
            Test
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** @throws ApiProblem where it is no JSON; what it says is checked by the server */
function read(text: string): NonNullable<CanBody['capabilities']> {
  try {
    return JSON.parse(text) as NonNullable<CanBody['capabilities']>;
  } catch (error) {
    const detail = (error as Error).message;
    throw new ApiProblem(400, 'invalid_request', 'The capabilities are not JSON', detail);
  }
}
