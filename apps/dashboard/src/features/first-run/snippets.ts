interface Facts {
  readonly deliveryUrl: string;
  readonly key: string;
  readonly channel: string;
}

const path = (channel: string) => `/v1/channels/${encodeURIComponent(channel)}/messages`;

export function curlSnippet({ deliveryUrl, key, channel }: Facts): string {
  return `curl -u '${key}:' -H 'Content-Type: application/json' \\
  -d '{"data":"Hello, world"}' \\
  '${deliveryUrl}${path(channel)}'`;
}

export function nodeSnippet({ deliveryUrl, key, channel }: Facts): string {
  return `const answer = await fetch('${deliveryUrl}${path(channel)}', {
  method: 'POST',
  headers: {
    authorization: 'Bearer ${key}',
    'content-type': 'application/json',
  },
  body: JSON.stringify({ data: 'Hello, world' }),
});
console.log(await answer.json());`;
}

/** The page asks the provider's own server for a token: a key never belongs in a browser. */
export function browserSnippet({ deliveryUrl, channel }: Facts): string {
  return `<script src="${deliveryUrl}/sdk/holdline.js"></script>
<script>
  // /holdline-token is a route of your server: it makes a client token
  // with POST ${deliveryUrl}/v1/tokens and your key.
  const authorize = async () => (await fetch('/holdline-token')).text();
  const holdline = new Holdline({ url: '${deliveryUrl}', authorize });
  holdline.channel('${channel}').subscribe((message) => {
    console.log(message.data);
  });
</script>`;
}
