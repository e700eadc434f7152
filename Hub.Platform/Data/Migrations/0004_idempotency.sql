-- POSTs that came with an Idempotency-Key. "id" is a hash over caller, address and key. What the request and the answer said is encrypted: answers may hold one-time secrets.
create table platform.idempotency (
    id bytea primary key check (octet_length(id) = 32),
    request bytea not null,
    locked_until timestamptz not null,
    carried_out_at timestamptz,
    answer bytea,
    expires_at timestamptz not null
);
create index ix_idempotency_expires_at on platform.idempotency (expires_at);
