import { createVoice, type Voice } from '../say.js';

/** A voice that keeps what it said, and resolves `heard` as soon as a line matches. */
export function keeper(): Voice & {
  said: () => string;
  heard: (pattern: RegExp) => Promise<void>;
} {
  let text = '';
  const waiting = new Set<() => void>();
  const voice = createVoice((line) => {
    text += line;
    for (const check of waiting) check();
  });
  const heard = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!pattern.test(text)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { ...voice, said: () => text, heard };
}
