-- How a person proved who they are (RFC 8176): of each sign-in, and of the families of tokens that came of it. Until now there were passwords alone.
alter table identity.sessions add column amr text[] not null default '{pwd}';
alter table identity.sessions alter column amr drop default;
alter table identity.grants add column amr text[] not null default '{pwd}';
alter table identity.grants alter column amr drop default;

-- What was done in each organization. "hash" is SHA-256 over all other columns and the hash of the entry before: see docs/audit.md. Entries outlive their organization.
create table identity.audit_events (
    organization_id uuid not null,
    sequence bigint not null check (sequence > 0),
    occurred_at timestamptz not null,
    actor_kind text not null check (actor_kind in ('system', 'person', 'agent', 'apiKey')),
    actor_id text,
    actor_name text,
    client_id text,
    ip_address text,
    user_agent text,
    action text not null check (action ~ '^[a-z_]+(\.[a-z_]+)+$' and length(action) <= 60),
    target_type text not null,
    target_id text not null,
    target_name text,
    before json,
    after json,
    previous_hash bytea not null check (length(previous_hash) = 32),
    hash bytea not null check (length(hash) = 32),
    constraint pk_audit_events primary key (organization_id, sequence)
);
create index ix_audit_events_organization_id_occurred_at on identity.audit_events (organization_id, occurred_at);
create index ix_audit_events_organization_id_actor_id_sequence on identity.audit_events (organization_id, actor_id, sequence);
create index ix_audit_events_organization_id_action_sequence on identity.audit_events (organization_id, action, sequence);
create index ix_audit_events_organization_id_target_id_sequence on identity.audit_events (organization_id, target_id, sequence);
call platform.protect_tenant('identity.audit_events');

-- Append-only: the server's role has no right to change or remove, and who has the right meets the trigger.
do $$
declare grantee regrole;
begin
    for grantee in select distinct a.grantee::regrole from pg_class c cross join aclexplode(c.relacl) a
        where c.oid = 'identity.audit_events'::regclass and a.grantee <> c.relowner and a.grantee <> 0
    loop
        execute format('revoke update, delete, truncate on identity.audit_events from %s', grantee);
    end loop;
end $$;
create function identity.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on identity.audit_events for each statement execute function identity.refuse_change();
