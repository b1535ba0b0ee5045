import { useSyncExternalStore } from 'react';

/** `system` follows the machine. Kept in this browser. */
export type Theme = 'system' | 'light' | 'dark';

const PLACE = 'holdline-theme';
const listeners = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme {
  const value = localStorage.getItem(PLACE);
  return value === 'light' || value === 'dark' ? value : 'system';
}

export function applyTheme(theme: Theme = stored()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(PLACE, theme);
  applyTheme(theme);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  system.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener('change', listener);
  };
}

/** What is chosen and what that means now: changes when either does. */
export function useTheme(): `${Theme} ${'light' | 'dark'}` {
  return useSyncExternalStore(subscribe, (): `${Theme} ${'light' | 'dark'}` => {
    const theme = stored();
    const isDark = theme === 'system' ? system.matches : theme === 'dark';
    return `${theme} ${isDark ? 'dark' : 'light'}`;
  });
}
