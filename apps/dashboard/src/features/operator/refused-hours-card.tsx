import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Act } from '../../ui/act.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { whole } from '../../ui/figures.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { Card } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { TenantLink } from './tenant-link.js';

type Hour =
  paths['/v1/operator/reconciliation']['get']['responses'][200]['content']['application/json']['refusedHours'][number];

const nameOf = ({ tenant, meter, hour }: Hour) => ({ tenantId: tenant.id, meter, hour });

export function RefusedHoursCard({ hours }: { readonly hours: readonly Hour[] }) {
  const client = useQueryClient();
  const [given, setGiven] = useState<Hour | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ['operator'] });
  const retry = async (hour: Hour) => {
    await answered(api.POST('/v1/operator/stripe/hours/retry', { body: nameOf(hour) }));
    await again();
  };
  if (hours.length === 0) return null;
  return (
    <Card title="Hours that Stripe did not take">
      <p className="soft">
        Mend what Stripe says is wrong, then send the hour again. What it will never take is given
        up: a line on the invoice charges it.
      </p>
      <Table
        caption="Hours that Stripe did not take"
        items={hours}
        keyOf={({ tenant, meter, hour }) => [tenant.id, meter, hour].join(' ')}
        columns={[
          { head: 'Tenant', cell: ({ tenant }) => <TenantLink tenant={tenant} /> },
          { head: 'Meter', cell: ({ meter }) => <code>{meter}</code> },
          { head: 'Hour', cell: ({ hour }) => <Moment at={hour} /> },
          { head: 'Units', numeric: true, cell: ({ units }) => whole(Number(units)) },
          { head: 'Stripe said', cell: ({ fault }) => fault },
          {
            head: 'Actions',
            cell: (hour) => (
              <div className="row">
                {hour.state === 'refused' && (
                  <Act
                    size="small"
                    label={`Send again ${hour.meter} of ${hour.tenant.name}`}
                    onAct={() => retry(hour)}
                  >
                    Send again
                  </Act>
                )}
                <Button
                  size="small"
                  aria-label={`Give up ${hour.meter} of ${hour.tenant.name}`}
                  onClick={() => setGiven(hour)}
                >
                  Give up
                </Button>
              </div>
            ),
          },
        ]}
      />
      {given && (
        <ForgoDialog
          hour={given}
          onClose={() => {
            setGiven(null);
            void again();
          }}
        />
      )}
    </Card>
  );
}

function ForgoDialog({ hour, onClose }: { readonly hour: Hour; readonly onClose: () => void }) {
  const [note, setNote] = useState('');
  return (
    <FormDialog
      title="Give the hour up?"
      description={`${whole(Number(hour.units))} of ${hour.meter} are never sent to Stripe. Where that held an invoice back, a line on it charges them. This cannot be undone.`}
      action="Give it up"
      onClose={onClose}
      onSubmit={() =>
        answered(api.POST('/v1/operator/stripe/hours/forgo', { body: { ...nameOf(hour), note } }))
      }
    >
      {(faultAt) => (
        <TextField
          label="Why it cannot be sent"
          required
          maxLength={500}
          hint="The tenant reads it in its audit log."
          value={note}
          fault={faultAt('/note')}
          onChange={(event) => setNote(event.target.value)}
        />
      )}
    </FormDialog>
  );
}
