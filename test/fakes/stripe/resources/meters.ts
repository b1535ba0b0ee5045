import type Stripe from 'stripe';
import { found, newestFirst, type FakeAccount } from '../account.js';
import { needed, part, text, whole, type Form } from '../form.js';
import { page } from '../list.js';
import { invalid } from '../refusal.js';
import type { Routes } from '../routes.js';
import { aggregate, visibleAt } from '../usage.js';

export function meterRoutes(account: FakeAccount): Routes {
  const { meters } = account;
  return {
    'POST /v1/billing/meters': (form) => {
      const meter = makeMeter(account, form);
      for (const other of meters.values()) {
        if (other.event_name === meter.event_name && other.status === 'active') {
          throw invalid(
            `An active meter already uses the event name ${meter.event_name}.`,
            'event_name',
            'resource_already_exists',
          );
        }
      }
      meters.set(meter.id, meter);
      account.emit('billing.meter.created', meter);
      return meter;
    },
    'GET /v1/billing/meters': (query) => {
      const status = text(query, 'status');
      const rows = newestFirst(meters).filter((row) => status === null || row.status === status);
      return page(rows, query, '/v1/billing/meters');
    },
    'GET /v1/billing/meters/:id': (_query, [id = '']) => found(meters, 'meter', id),
    'POST /v1/billing/meters/:id': (form, [id = '']) => {
      // Nothing but its name can ever change.
      const meter = found(meters, 'meter', id);
      meter.display_name = text(form, 'display_name') ?? meter.display_name;
      return meter;
    },
    'POST /v1/billing/meters/:id/deactivate': (_form, [id = '']) => {
      const meter = found(meters, 'meter', id);
      meter.status = 'inactive';
      meter.status_transitions.deactivated_at = account.clock.seconds();
      account.emit('billing.meter.deactivated', meter);
      return meter;
    },
    'GET /v1/billing/meters/:id/event_summaries': (query, [id = '']) =>
      summaries(account, found(meters, 'meter', id), query),
  };
}

/** One summary a window, newest first; windows without events have none. */
function summaries(account: FakeAccount, meter: Stripe.Billing.Meter, query: Form): object {
  const customer = needed(query, 'customer');
  const start = whole(query, 'start_time') ?? 0;
  const end = whole(query, 'end_time') ?? 0;
  const grouping = text(query, 'value_grouping_window');
  const step = grouping === 'hour' ? 3600 : grouping === 'day' ? 86_400 : 0;
  const unit = step || 60;
  if (start % unit !== 0 || end % unit !== 0 || end <= start) {
    throw invalid('start_time and end_time must align with the window.', 'start_time');
  }
  const seen = visibleAt(account, account.clock.now() - account.summaryLag * 1000);
  const rows: Stripe.Billing.MeterEventSummary[] = [];
  for (let from = start; from < end; from += step || end - start) {
    const to = Math.min(end, from + (step || end - start));
    const value = aggregate(seen, meter, customer, from, to);
    if (value === null && step > 0) continue;
    rows.push({
      id: `mtrusg_${meter.id}_${from}`,
      object: 'billing.meter_event_summary',
      aggregated_value: Number((value ?? 0).toString()),
      end_time: to,
      livemode: false,
      meter: meter.id,
      start_time: from,
    });
  }
  return page(rows.reverse(), query, `/v1/billing/meters/${meter.id}/event_summaries`);
}

function makeMeter(account: FakeAccount, form: Form): Stripe.Billing.Meter {
  const mapping = part(form, 'customer_mapping');
  const values = part(form, 'value_settings');
  return {
    id: account.id('mtr'),
    object: 'billing.meter',
    created: account.clock.seconds(),
    customer_mapping: {
      event_payload_key: (mapping && text(mapping, 'event_payload_key')) ?? 'stripe_customer_id',
      type: 'by_id',
    },
    default_aggregation: { formula: needed(part(form, 'default_aggregation') ?? {}, 'formula') },
    display_name: needed(form, 'display_name'),
    event_name: needed(form, 'event_name'),
    event_time_window: text(form, 'event_time_window'),
    livemode: false,
    status: 'active',
    status_transitions: { deactivated_at: null },
    updated: account.clock.seconds(),
    value_settings: { event_payload_key: (values && text(values, 'event_payload_key')) ?? 'value' },
  };
}
