/** What somebody sees who opens the control plane in a browser. */
export function landingPage(deliveryUrl: string): string {
  const to = escape(deliveryUrl);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Holdline</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}li{margin:.4rem 0}code{font-size:1.05em}</style>
<h1>Holdline</h1>
<p>Real-time messaging over plain HTTP: a receiver’s request is held until there is something to say.
This is the control plane: tenants, apps, keys, namespaces and members. Messages go through the delivery server.</p>
<ul>
<li><a href="/docs">Every route of the control plane</a>, and <a href="/openapi.json">its OpenAPI document</a></li>
<li><a href="${to}/docs">Every route of delivery</a>: publish, receive, tokens</li>
<li><a href="${to}/try">Try it in two browser windows</a></li>
<li>Health: <a href="/readyz">this server</a>, <a href="${to}/readyz">delivery</a></li>
</ul>
<p>The first start made a demo tenant; its sign-in and API key are in <code>demo.json</code> in the data directory.
Your own: <code>POST /v1/signup</code> with an e-mail address and a password.</p></html>`;
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
