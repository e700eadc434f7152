-- Personal access tokens. Like sessions they are of no tenant; they end with the account's security stamp, as sessions do.
create table identity.personal_tokens (
    id uuid not null,
    user_id uuid not null,
    name text not null check (length(name) between 1 and 100),
    hash bytea not null check (length(hash) = 32),
    permissions text[] not null check (cardinality(permissions) between 1 and 100),
    organizations uuid[] check (cardinality(organizations) between 1 and 100),
    amr text[] not null,
    security_stamp text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint pk_personal_tokens primary key (id),
    constraint fk_personal_tokens_users_user_id foreign key (user_id) references identity.users (id) on delete cascade,
    check (expires_at > created_at)
);
create unique index ix_personal_tokens_hash on identity.personal_tokens (hash);
create index ix_personal_tokens_user_id on identity.personal_tokens (user_id);

-- API keys of organizations. The key itself names its organization, so no table of all tenants' keys is needed to find it.
create table identity.api_keys (
    organization_id uuid not null,
    id uuid not null,
    name text not null check (length(name) between 1 and 100),
    hash bytea not null check (length(hash) = 32),
    role text not null check (role in ('viewer', 'billing', 'developer', 'admin')),
    permissions text[] not null check (cardinality(permissions) between 1 and 100),
    created_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint pk_api_keys primary key (organization_id, id),
    constraint fk_api_keys_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade,
    check (expires_at > created_at)
);
create unique index ix_api_keys_organization_id_hash on identity.api_keys (organization_id, hash);
call platform.protect_tenant('identity.api_keys');
