/**
 * Browsers on a machine without a language report one that is none (`en-US@posix`), and the charts' library,
 * which takes it as it comes, would fail with the whole page. To run before that is loaded.
 */
export function mendLanguage(): void {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
  }
}
