-- Limits have the names of the catalogue. The two that there were before are written anew.
UPDATE tenant SET limits =
  (limits - 'holdsPerKey' - 'publishesPerSecondPerKey')
  || CASE WHEN limits ? 'holdsPerKey'
       THEN jsonb_build_object('holds_key', limits -> 'holdsPerKey') ELSE '{}'::jsonb END
  || CASE WHEN limits ? 'publishesPerSecondPerKey'
       THEN jsonb_build_object('publishes_per_second_key', limits -> 'publishesPerSecondPerKey') ELSE '{}'::jsonb END
WHERE limits ?| ARRAY['holdsPerKey', 'publishesPerSecondPerKey'];
