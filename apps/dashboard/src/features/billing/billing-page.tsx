import { Link } from '@tanstack/react-router';
import { Page } from '../../ui/page.js';
import { BudgetsCard } from './budgets-card.js';
import { InvoicesCard } from './invoices-card.js';
import { PlanCard } from './plan-card.js';
import { UpcomingCard } from './upcoming-card.js';

export function BillingPage() {
  return (
    <Page
      title="Billing"
      lead="What you pay, and why. Every line of an invoice is explained down to the hours behind it."
      actions={
        <Link className="button" to="/billing/ledger">
          Ledger
        </Link>
      }
    >
      <div className="grid-2">
        <PlanCard />
        <BudgetsCard />
      </div>
      <UpcomingCard />
      <InvoicesCard />
    </Page>
  );
}
