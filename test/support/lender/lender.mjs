/**
 * Lends what many test files can share, to Jest's workers, over HTTP on this machine. Nothing is started
 * before the first asks for it.
 */
import { createServer } from 'node:http';
import { Databases } from './databases.mjs';
import { SharedHoldline } from './shared-holdline.mjs';

/** @returns {Promise<{ url: string, stop: () => Promise<void> }>} */
export async function startLender() {
  const databases = new Databases();
  const holdline = new SharedHoldline(databases);
  /** @type {Record<string, (body: string) => Promise<string>>} */
  const routes = {
    'POST /databases': () => databases.lend(),
    'DELETE /databases': async (url) => {
      await databases.takeBack(url);
      return '';
    },
    'POST /holdline': async () => JSON.stringify(await holdline.demo()),
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part) => (body += part));
    request.on('end', () => {
      const route = routes[`${request.method} ${request.url}`];
      const answer = route?.(body) ?? Promise.reject(new Error('There is no such thing to lend.'));
      answer.then(
        (text) => response.end(text),
        (error) => response.writeHead(500).end(String(error?.stack ?? error)),
      );
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await holdline.stop();
      await databases.stop();
    },
  };
}
