/**
 * Tells the launcher, where there is one, that this process serves; resolves once it is told. Answer
 * /readyz with 200 only then: a server that ends before its launcher knew that it served counts as one
 * that cannot start, and everything would be stopped.
 */
export function announceReady(): Promise<void> {
  return new Promise((resolve) => {
    if (process.send) process.send({ ready: true }, () => resolve());
    else resolve();
  });
}
