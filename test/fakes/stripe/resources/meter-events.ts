import Stripe from 'stripe';
import type { FakeAccount } from '../account.js';
import { needed, part, text, whole, type Form } from '../form.js';
import { invalid } from '../refusal.js';
import type { Routes } from '../routes.js';

const DAY_MS = 24 * 3_600_000;
const PAST_S = 35 * 86_400;
const FUTURE_S = 300;

export function meterEventRoutes(account: FakeAccount): Routes {
  return {
    'POST /v1/billing/meter_events': (form) => take(account, form),
  };
}

/** Identifier and time are checked at once; the meter and the customer only later, as a thin event tells. */
function take(account: FakeAccount, form: Form): Stripe.Billing.MeterEvent {
  const now = account.clock.seconds();
  const eventName = needed(form, 'event_name');
  const payload = part(form, 'payload') ?? {};
  const identifier = text(form, 'identifier') ?? account.id('mevt');
  const timestamp = whole(form, 'timestamp') ?? now;
  if (timestamp < now - PAST_S || timestamp > now + FUTURE_S) {
    throw invalid(
      'The timestamp must be within the past 35 days or up to 5 minutes in the future.',
      'timestamp',
    );
  }
  const used = account.taken.some(
    (event) =>
      event.meterEvent.identifier === identifier && event.takenAt + DAY_MS > account.clock.now(),
  );
  if (used) {
    throw invalid(
      `An event already exists with identifier ${identifier}.`,
      'identifier',
      'resource_already_exists',
    );
  }
  const meter = [...account.meters.values()].find(
    (row) => row.event_name === eventName && row.status === 'active',
  );
  const value = text(payload, meter?.value_settings.event_payload_key ?? 'value');
  const customer = text(payload, meter?.customer_mapping.event_payload_key ?? 'stripe_customer_id');
  if (value === null || customer === null || !/^\d+(\.\d+)?$/.test(value)) {
    throw invalid(
      'The payload must hold the customer and a number that is not below 0.',
      'payload',
    );
  }
  const meterEvent: Stripe.Billing.MeterEvent = {
    object: 'billing.meter_event',
    created: now,
    event_name: eventName,
    identifier,
    livemode: false,
    payload: payload as Record<string, string>,
    timestamp,
  };
  if (!meter) reportError(account, 'v1.billing.meter.no_meter_found', 'no_meter', identifier);
  else if (account.customers.get(customer)?.deleted ?? !account.customers.has(customer)) {
    const code = 'meter_event_customer_not_found';
    reportError(account, 'v1.billing.meter.error_report_triggered', code, identifier, meter.id);
  } else {
    account.taken.push({
      meterEvent,
      value: Stripe.Decimal.from(value).round('half-up', 'ubb-usage-count'),
      customer,
      takenAt: account.clock.now(),
    });
  }
  return meterEvent;
}

function reportError(
  account: FakeAccount,
  type: string,
  code: string,
  identifier: string,
  meter?: string,
): void {
  const at = new Date(account.clock.now()).toISOString();
  const sample = { error_message: `${code}: the event was dropped.`, request: { identifier } };
  account.emitThin(
    type,
    {
      developer_message_summary: 'There is 1 invalid event.',
      reason: {
        error_count: 1,
        error_types: [{ code, error_count: 1, sample_errors: [sample] }],
      },
      validation_start: at,
      validation_end: at,
    },
    meter === undefined
      ? undefined
      : { id: meter, type: 'billing.meter', url: `/v1/billing/meters/${meter}` },
  );
}
