-- Where a key may be used from: addresses and networks (CIDR). Empty: from anywhere.
ALTER TABLE api_key ADD COLUMN allowed_ips text[] NOT NULL DEFAULT ARRAY[]::text[];
