-- Devices that wait for a person to allow what they ask for (RFC 8628). What was allowed is the grant; a row with one is kept as long, so that a second use is recognised.
create table identity.device_authorizations (
    hash bytea not null check (length(hash) = 32),
    user_code text not null check (user_code ~ '^[BCDFGHJKLMNPQRSTVWXZ]{8}$'),
    client_id text not null,
    scopes text[] not null,
    resources text[] not null,
    dpop_jkt text,
    interval_seconds integer not null check (interval_seconds > 0),
    polled_at timestamptz,
    expires_at timestamptz not null,
    decided_in uuid,
    grant_id uuid,
    redeemed_at timestamptz,
    constraint pk_device_authorizations primary key (hash),
    constraint fk_device_authorizations_grants_grant_id foreign key (grant_id) references identity.grants (id) on delete cascade,
    check (grant_id is null or decided_in is not null),
    check (redeemed_at is null or grant_id is not null)
);
create unique index ix_device_authorizations_user_code on identity.device_authorizations (user_code);
create index ix_device_authorizations_grant_id on identity.device_authorizations (grant_id);
create index ix_device_authorizations_expires_at on identity.device_authorizations (expires_at);
