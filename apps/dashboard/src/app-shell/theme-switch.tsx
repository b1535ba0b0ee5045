import { Segments } from '../ui/segments.js';
import { chooseTheme, useTheme, type Theme } from './theme.js';

const OPTIONS = [
  { value: 'system', text: 'Auto' },
  { value: 'light', text: 'Light' },
  { value: 'dark', text: 'Dark' },
] as const;

export function ThemeSwitch() {
  const [chosen] = useTheme().split(' ') as [Theme];
  return <Segments label="Theme" options={OPTIONS} value={chosen} onChange={chooseTheme} />;
}
