-- What a person wants to be called; nobody has to be called anything.
alter table identity.users add column name text check (length(name) between 1 and 100);

-- Links that were sent by mail. Who opens one has the address; each is good once. The secret is kept as SHA-256 hash of 256 random bits.
create table identity.email_proofs (
    hash bytea not null check (length(hash) = 32),
    purpose text not null check (purpose in ('sign-up', 'password-reset', 'address-change')),
    email varchar(254) not null,
    normalized_email varchar(254) not null,
    user_id uuid,
    security_stamp text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint pk_email_proofs primary key (hash),
    constraint fk_email_proofs_users_user_id foreign key (user_id) references identity.users (id) on delete cascade,
    check ((user_id is null) = (security_stamp is null)),
    check (expires_at > created_at)
);
create index ix_email_proofs_normalized_email on identity.email_proofs (normalized_email);
create index ix_email_proofs_user_id on identity.email_proofs (user_id);
create index ix_email_proofs_expires_at on identity.email_proofs (expires_at);

-- Authenticator applications (RFC 6238). The secret is encrypted by the platform's key ring. No code of a step up to last_step is taken again.
create table identity.authenticators (
    user_id uuid not null,
    protected_secret bytea not null,
    last_step bigint not null,
    since timestamptz not null,
    constraint pk_authenticators primary key (user_id),
    constraint fk_authenticators_users_user_id foreign key (user_id) references identity.users (id) on delete cascade
);

-- Recovery codes, each good once: SHA-256 hashes of 80 random bits.
create table identity.recovery_codes (
    user_id uuid not null,
    hash bytea not null check (length(hash) = 32),
    used_at timestamptz,
    constraint pk_recovery_codes primary key (user_id, hash),
    constraint fk_recovery_codes_users_user_id foreign key (user_id) references identity.users (id) on delete cascade
);
