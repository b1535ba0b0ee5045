import { QueryCache, QueryClient, QueryClientProvider, MutationCache } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProblem } from './api/client.js';
import { mendLanguage } from './app-shell/mend-language.js';
import { applyTheme } from './app-shell/theme.js';
import { createAppRouter } from './router.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/data.css';

mendLanguage();
applyTheme();

/** Milliseconds between tries, growing: a server that comes back is found soon, one that is away is not flooded. */
const RETRY_MS = [500, 1_500, 4_000];

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error) => leaveWhenSignedOut(error) }),
  mutationCache: new MutationCache({ onError: (error) => leaveWhenSignedOut(error) }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // Ask whatever the browser believes of its own network: often it is wrong.
      networkMode: 'always',
      retry: (count, error) => isPassing(error) && count < RETRY_MS.length,
      retryDelay: (count) => RETRY_MS[count] ?? 4_000,
      // What failed is asked again, so that a page recovers without anybody doing anything.
      refetchInterval: ({ state }) =>
        state.status === 'error' && isPassing(state.error) ? 4_000 : false,
    },
    mutations: { networkMode: 'always' },
  },
});

const router = createAppRouter(client);

function isPassing(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
}

/** A session that ended: sign in again, and go on where one was. */
function leaveWhenSignedOut(error: unknown): void {
  if (!(error instanceof ApiProblem) || error.code !== 'unauthenticated') return;
  const { pathname, href } = router.state.location;
  if (/^\/(login|signup|operator\/login)$/.test(pathname)) return;
  client.clear();
  if (pathname.startsWith('/operator')) void router.navigate({ to: '/operator/login' });
  else void router.navigate({ to: '/login', search: { back: href } });
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
