/**
 * Calls back when the page may have slept or been cut off: the network is back, the tab is shown
 * again, the page comes out of the back/forward cache. Timers are late then, so nobody should wait
 * for them. Outside a browser it never calls.
 * @returns stops it.
 */
export function onReturn(call: () => void): () => void {
  if (typeof globalThis.addEventListener !== 'function') return () => undefined;
  const shown = (): void => {
    if (globalThis.document?.visibilityState !== 'hidden') call();
  };
  globalThis.addEventListener('online', call);
  globalThis.addEventListener('pageshow', call);
  globalThis.document?.addEventListener('visibilitychange', shown);
  return () => {
    globalThis.removeEventListener('online', call);
    globalThis.removeEventListener('pageshow', call);
    globalThis.document?.removeEventListener('visibilitychange', shown);
  };
}
