-- What a passkey keeps of the account is this random handle, and nothing that says whose it is (WebAuthn Level 3 §14.6.1).
alter table identity.users add column passkey_handle text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') check (length(passkey_handle) between 43 and 64);
create unique index ix_users_passkey_handle on identity.users (passkey_handle);

alter table identity.user_passkeys add column last_used_at timestamptz;

-- A prompt for a passkey that was shown and not yet answered: what the browser got and may not change. Answered once.
create table identity.passkey_ceremonies (
    hash bytea not null check (length(hash) = 32),
    purpose text not null check (purpose in ('create', 'use')),
    user_id uuid,
    state text not null,
    expires_at timestamptz not null,
    constraint pk_passkey_ceremonies primary key (hash),
    constraint fk_passkey_ceremonies_users_user_id foreign key (user_id) references identity.users (id) on delete cascade
);
create index ix_passkey_ceremonies_user_id on identity.passkey_ceremonies (user_id);
create index ix_passkey_ceremonies_expires_at on identity.passkey_ceremonies (expires_at);

-- Where a session is, for its person to recognise it.
alter table identity.sessions add column device text not null default '' check (length(device) <= 60);
alter table identity.sessions add column address text check (length(address) <= 64);
alter table identity.sessions add column last_seen_at timestamptz;
update identity.sessions set last_seen_at = authenticated_at;
alter table identity.sessions alter column last_seen_at set not null;
alter table identity.sessions alter column device drop default;
