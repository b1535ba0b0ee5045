import { useEffect, type ReactNode } from 'react';
import { Brand } from './brand.js';

/** What stands around signing in and up. */
export function Door({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Holdline`;
  }, [title]);
  return (
    <main className="door">
      <div className="door-card">
        <span className="brand">
          <Brand />
        </span>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
