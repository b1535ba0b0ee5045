import { useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { appsQuery } from '../api/queries.js';

const PLACE = 'holdline-app';

/** The app of the page's address, else the one looked at last, else the first; null: there is none. */
export function useCurrentApp() {
  const { data: apps } = useSuspenseQuery(appsQuery);
  const { app: named } = useParams({ strict: false });
  useEffect(() => {
    if (named !== undefined) localStorage.setItem(PLACE, named);
  }, [named]);
  const wanted = named ?? localStorage.getItem(PLACE);
  const app = apps.find(({ id }) => id === wanted) ?? (named === undefined ? apps[0] : undefined);
  return { apps, app: app ?? null };
}
