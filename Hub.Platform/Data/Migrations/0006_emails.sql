-- Messages to people, written in the transaction of what they tell. Encrypted: they hold one-time links. Gone when the mail server has taken them; without a
-- mail server they are never due.
create table platform.emails (
    id uuid primary key,
    message bytea not null,
    created_at timestamptz not null default now(),
    attempts integer not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz not null,
    last_error text,
    parked_at timestamptz
);
create index ix_emails_next_attempt_at on platform.emails (next_attempt_at) where parked_at is null;
