-- Which operator took a difference for settled, and why: it is not raised again with the same numbers.
ALTER TABLE stripe_difference ADD COLUMN settled_by text, ADD COLUMN settled_note text;

-- forgone: Stripe never takes the hour, and its invoice is brought to our total by a line.
ALTER TABLE stripe_hour DROP CONSTRAINT stripe_hour_state;
ALTER TABLE stripe_hour ADD CONSTRAINT stripe_hour_state
  CHECK (state IN ('pending', 'sent', 'superseded', 'refused', 'expired', 'forgone'));
