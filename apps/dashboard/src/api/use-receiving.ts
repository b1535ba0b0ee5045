import { useEffect, useState } from 'react';
import { ApiProblem } from './client.js';
import { startReceiving, type Receiving } from './receive.js';

/** Milliseconds until a server that was away is asked again. */
const AGAIN_MS = 3_000;

/** Receives from an app for as long as the page is there; asks again while the server is away. */
export function useReceiving(app: string, wanted = true, attempt: unknown = null) {
  const [receiving, setReceiving] = useState<Receiving | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    if (!wanted) return;
    let ended = false;
    let made: Receiving | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = async () => {
      try {
        made = await startReceiving(app);
        if (ended) return made.holdline.close();
        setProblem(null);
        setReceiving(made);
      } catch (error) {
        if (ended) return;
        setProblem(error);
        const passes = error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
        if (passes) timer = setTimeout(() => void begin(), AGAIN_MS);
      }
    };
    void begin();
    return () => {
      ended = true;
      clearTimeout(timer);
      made?.holdline.close();
      setReceiving(null);
    };
  }, [app, wanted, attempt]);
  return { receiving, problem };
}
