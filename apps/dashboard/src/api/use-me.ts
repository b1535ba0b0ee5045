import { useSuspenseQuery } from '@tanstack/react-query';
import { roleMay, type Need } from '../../../../libs/contracts/src/roles.js';
import { meQuery } from './queries.js';

/** Who is signed in. Pages below the shell are only shown once this is known. */
export function useMe() {
  return useSuspenseQuery(meQuery).data;
}

/** Whether the signed-in member's role allows it. The server decides all the same. */
export function useMay(need: Need): boolean {
  const { role, tenant } = useMe();
  return role !== null && tenant?.status === 'active' && roleMay(role, need);
}
