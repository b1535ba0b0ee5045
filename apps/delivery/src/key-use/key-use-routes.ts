import { KeyUseRequest, type KeyUses } from '#contracts';
import { internalRoute } from '../internal/internal-routes.js';
import type { KeyUseBook } from './key-use-book.js';

/** What the control plane keeps of who used which key. */
export const keyUseRoute = (book: KeyUseBook) =>
  internalRoute({
    method: 'POST',
    path: '/internal/key-use',
    input: KeyUseRequest,
    answer: ({ since }): KeyUses => book.since(since),
  });
