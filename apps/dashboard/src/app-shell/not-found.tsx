import { Link } from '@tanstack/react-router';
import { Empty } from '../ui/page.js';

export function NotFound() {
  return (
    <main className="door">
      <Empty title="There is no such page">
        Go to the <Link to="/">overview</Link>.
      </Empty>
    </main>
  );
}
