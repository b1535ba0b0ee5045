import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Message } from '../../../../../libs/sdk/src/index.js';
import { keysQuery } from '../../api/queries.js';
import { useReceiving } from '../../api/use-receiving.js';

/** Holds a request until the first message comes. Without a key there is nothing to hold it with yet. */
export function useFirstMessage(app: string, channel: string, keyMade: boolean) {
  const { data: keys } = useInfiniteQuery(keysQuery(app));
  const hasKey =
    keyMade ||
    (keys?.pages.some(({ data }) => data.some(({ status }) => status === 'active')) ?? false);
  const { receiving, problem } = useReceiving(app, hasKey);
  const [message, setMessage] = useState<Message | null>(null);
  useEffect(() => {
    if (!receiving) return;
    return receiving.holdline
      .channel(channel)
      .subscribe((arrived) => setMessage((first) => first ?? arrived));
  }, [receiving, channel]);
  return { deliveryUrl: receiving?.deliveryUrl ?? null, message, problem };
}
