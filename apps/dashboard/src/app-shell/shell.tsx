import { Frame } from './frame.js';
import { LookBanner } from './look-banner.js';
import { Sidebar } from './sidebar.js';

export function Shell() {
  return <Frame sidebar={<Sidebar />} banner={<LookBanner />} />;
}
