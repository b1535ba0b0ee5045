-- Where a session was last used from, so that a person knows their own from another's. Null: from before.
ALTER TABLE session
  ADD COLUMN ip text,
  ADD COLUMN user_agent text;
