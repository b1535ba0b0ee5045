import { Outlet, useRouterState } from '@tanstack/react-router';
import { Suspense, useEffect, useState, type ReactNode } from 'react';
import { Button } from '../ui/button.js';
import { Brand } from './brand.js';
import { ConnectionBanner } from './connection-banner.js';

interface Props {
  readonly sidebar: ReactNode;
  /** What has to be known on every page. */
  readonly banner?: ReactNode;
}

/** What stands around every page: where one can go, and what does not work now. */
export function Frame({ sidebar, banner }: Props) {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const { pathname } = useRouterState({ select: ({ location }) => location });
  useEffect(() => setMenuOpen(false), [pathname]);
  return (
    <div className="shell" data-menu={isMenuOpen ? 'open' : 'closed'}>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <div className="topbar">
        <span className="brand">
          <Brand />
        </span>
        <Button
          size="small"
          aria-expanded={isMenuOpen}
          aria-controls="sidebar"
          onClick={() => setMenuOpen(!isMenuOpen)}
        >
          Menu
        </Button>
      </div>
      {sidebar}
      <div>
        {banner}
        <ConnectionBanner />
        <main className="main" id="main">
          <Suspense fallback={<div className="skeleton" role="status" aria-label="Loading" />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
    </div>
  );
}
