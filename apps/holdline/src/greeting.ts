import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** The part of demo.json that people are shown; the api writes the file before it serves. */
const Demo = z.object({
  apiUrl: z.string(),
  deliveryUrl: z.string(),
  apiKey: z.string(),
  email: z.string(),
  password: z.string(),
});
type Demo = z.output<typeof Demo>;

export interface GreetingFacts {
  readonly apiUrl: string;
  readonly deliveryUrl: string;
  readonly dataDir: string;
  readonly tls: boolean;
}

/** What a person sees once everything serves: where it is, who to be, and two commands that work when pasted. */
export function greeting(facts: GreetingFacts): string {
  const { apiUrl, deliveryUrl } = facts;
  const lines = [
    '',
    '  Holdline is running.',
    '',
    `    Dashboard              ${apiUrl}/dashboard`,
    `    Try it in a browser    ${deliveryUrl}/try`,
    `    Data plane             ${deliveryUrl}    documentation: ${deliveryUrl}/docs`,
    `    Control plane          ${apiUrl}    documentation: ${apiUrl}/docs`,
    '',
    ...demoLines(readDemo(facts.dataDir), facts),
    '  Stop it: Ctrl-C in this terminal. Held requests are answered first; Ctrl-C again stops at once.',
    '',
    '',
  ];
  return lines.join('\n');
}

function demoLines(demo: Demo | null, { apiUrl, dataDir, tls }: GreetingFacts): string[] {
  if (!demo) {
    return [
      `  This database has tenants of its own and no demo. Sign up: POST ${apiUrl}/v1/signup`,
      '',
    ];
  }
  const channel = `${demo.deliveryUrl}/v1/channels/hello/messages`;
  const curl = `curl -sS -u '${demo.apiKey}:'`;
  return [
    `    Demo login             ${demo.email}  password ${demo.password}`,
    `    API key                ${demo.apiKey}`,
    `    All of it, in a file   ${join(dataDir, 'demo.json')}`,
    '',
    '  1. Receive, in a second terminal. It is held until a message comes (Ctrl-C there gives up).',
    '',
    `     ${curl} '${channel}?wait=300'`,
    '',
    '  2. Publish, in a third terminal. The second one gets it at once.',
    '',
    `     ${curl} -H 'Content-Type: application/json' -d '{"data":"Hello, world"}' '${channel}'`,
    '',
    ...(tls ? ['     With a certificate that curl does not know, add: --cacert <file>', ''] : []),
  ];
}

function readDemo(dataDir: string): Demo | null {
  try {
    return Demo.parse(JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')));
  } catch {
    // No demo tenant was made, or its file was moved away.
    return null;
  }
}
