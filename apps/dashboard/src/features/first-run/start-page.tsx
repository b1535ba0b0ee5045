import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { TextField } from '../../ui/field.js';
import { Badge, Card, Page } from '../../ui/page.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Tabs } from '../../ui/tabs.js';
import { browserSnippet, curlSnippet, nodeSnippet } from './snippets.js';
import { useFirstMessage } from './use-first-message.js';

const CHANNEL = 'hello';

interface MadeKey {
  readonly key: string;
  readonly signingSecret: string;
}

/** From nothing to a first message: a key, a line to paste, and a page that says when it worked. */
export function StartPage() {
  const { app } = useParams({ from: '/shell/apps/$app/start' });
  return <Start key={app} app={app} />;
}

function Start({ app }: { readonly app: string }) {
  const mayDevelop = useMay('develop');
  const client = useQueryClient();
  const [made, setMade] = useState<MadeKey | null>(null);
  const [pasted, setPasted] = useState('');
  const create = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/apps/{app}/keys', { params: { path: { app } }, body: { name: 'First key' } }),
      ),
    onSuccess: async (key) => {
      setMade(key);
      await client.invalidateQueries({ queryKey: ['apps', app] });
    },
  });
  const { deliveryUrl, message, problem } = useFirstMessage(app, CHANNEL, made !== null);
  const key = made?.key ?? (pasted.trim() || 'YOUR_KEY');
  const facts = { deliveryUrl: deliveryUrl ?? 'http://127.0.0.1:3001', key, channel: CHANNEL };
  return (
    <Page title="Get started" lead="Three steps to the first message. This page sees it arrive.">
      <Card title="1. An API key">
        {made ? (
          <div className="stack">
            <p>
              Shown this once. Keep it where your server keeps its secrets; the snippets below have
              it in them.
            </p>
            <CodeBlock text={made.key} label="API key" />
          </div>
        ) : (
          <div className="stack">
            {mayDevelop ? (
              <>
                <div className="row">
                  <Button kind="main" busy={create.isPending} onClick={() => create.mutate()}>
                    Make a key
                  </Button>
                  <span className="soft">or, if you have one:</span>
                </div>
                <ProblemNote problem={create.error} />
              </>
            ) : (
              <p>Ask an owner or developer of the tenant for a key.</p>
            )}
            <TextField
              label="A key that you have"
              hint="It stays in this page and is sent nowhere."
              autoComplete="off"
              value={pasted}
              onChange={(event) => setPasted(event.target.value)}
            />
          </div>
        )}
      </Card>
      <Card title="2. Publish">
        <Tabs
          label="How to publish"
          tabs={[
            {
              name: 'curl',
              content: <CodeBlock text={curlSnippet(facts)} label="curl snippet" />,
            },
            {
              name: 'Node',
              content: <CodeBlock text={nodeSnippet(facts)} label="Node snippet" />,
            },
            {
              name: 'Browser',
              content: <CodeBlock text={browserSnippet(facts)} label="browser snippet" />,
            },
          ]}
        />
      </Card>
      <section
        className="card"
        style={message ? { background: 'var(--good-soft)', borderColor: 'var(--good)' } : undefined}
      >
        <header>
          <h2>3. See it arrive</h2>
          {message ? <Badge tone="good">arrived</Badge> : <Badge>waiting</Badge>}
        </header>
        <div role="status">
          {message ? (
            <div className="stack">
              <p>
                <strong>Your first message arrived.</strong> It was stored, matched and answered to
                the request that this page held.
              </p>
              <CodeBlock text={JSON.stringify(message, null, 2)} label="the message that arrived" />
              <p>
                Next: watch and publish in the{' '}
                <Link to="/apps/$app/console" params={{ app }} search={{ channels: CHANNEL }}>
                  console
                </Link>
                , or read the <a href="/docs">API reference</a>.
              </p>
            </div>
          ) : (
            <p>
              This page holds a request for the channel <code>{CHANNEL}</code>. Paste the snippet
              into a terminal, and it turns green.
            </p>
          )}
        </div>
        <ProblemNote problem={problem} />
      </section>
    </Page>
  );
}
