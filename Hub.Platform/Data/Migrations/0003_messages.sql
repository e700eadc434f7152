-- Events on their way to other modules, written in the transaction of what happened. Gone when every handler has acted.
create table platform.outbox (
    id uuid primary key,
    organization_id uuid not null,
    type text not null,
    payload jsonb not null,
    occurred_at timestamptz not null,
    attempts integer not null default 0 check (attempts >= 0),
    next_attempt_at timestamptz not null,
    last_error text,
    parked_at timestamptz
);
create index ix_outbox_next_attempt_at on platform.outbox (next_attempt_at) where parked_at is null;

-- The dispatcher of a transaction that says so sees every organization's events; whoever publishes sees and writes their own.
create function platform.is_dispatcher() returns boolean language sql stable
    return coalesce(current_setting('codezero.dispatcher', true), '') = 'on';
alter table platform.outbox enable row level security;
alter table platform.outbox force row level security;
create policy everything on platform.outbox as permissive for all using (true) with check (true);
create policy tenant on platform.outbox as restrictive for all
    using (organization_id = platform.current_organization() or platform.is_dispatcher())
    with check (organization_id = platform.current_organization() or platform.is_dispatcher());

-- Which handler has acted on which event, written in the handler's transaction: the second delivery finds it.
create table platform.inbox (
    handler text not null,
    event_id uuid not null,
    handled_at timestamptz not null default now(),
    primary key (handler, event_id)
);
create index ix_inbox_handled_at on platform.inbox (handled_at);
