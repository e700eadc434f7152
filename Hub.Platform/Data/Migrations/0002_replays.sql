-- What may be used once (DPoP proofs, client assertions), until it expires by itself. Unlogged: the loss of a minute's proofs in a crash is acceptable, a write to disk per request is not.
create unlogged table platform.replays (
    id bytea primary key check (octet_length(id) = 32),
    expires_at timestamptz not null
);
create index ix_replays_expires_at on platform.replays (expires_at);
