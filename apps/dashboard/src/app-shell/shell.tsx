import { Outlet, useRouterState } from '@tanstack/react-router';
import { Suspense, useEffect, useState } from 'react';
import { Button } from '../ui/button.js';
import { Brand } from './brand.js';
import { ConnectionBanner } from './connection-banner.js';
import { Sidebar } from './sidebar.js';

export function Shell() {
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
      <Sidebar />
      <div>
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
