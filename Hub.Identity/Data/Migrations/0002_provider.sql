-- What access tokens of a grant may be for, and whose client it is (an organization's, or null); grants belong to their person and are in no tenant.
alter table identity.grants
    add column resources text[] not null default '{}',
    add column client_owner uuid;
create index ix_grants_client_id on identity.grants (client_id);

create table identity.pushed_requests (
    hash bytea not null check (length(hash) = 32),
    client_id text not null,
    request jsonb not null,
    expires_at timestamptz not null,
    constraint pk_pushed_requests primary key (hash)
);
create index ix_pushed_requests_expires_at on identity.pushed_requests (expires_at);

create table identity.revoked_tokens (
    hash bytea not null check (length(hash) = 32),
    expires_at timestamptz not null,
    constraint pk_revoked_tokens primary key (hash)
);
create index ix_revoked_tokens_expires_at on identity.revoked_tokens (expires_at);

-- Clients that organizations registered. Their client_id names organization and id, so that they are found without a look-up outside the tenant.
create table identity.clients (
    organization_id uuid not null,
    id uuid not null,
    name text not null check (length(name) between 1 and 100),
    enabled boolean not null,
    authentication_method text not null check (authentication_method in ('none', 'client_secret_basic', 'private_key_jwt')),
    assertion_algorithm text not null check (assertion_algorithm in ('ES256', 'PS256', 'RS256')),
    id_token_algorithm text not null check (id_token_algorithm in ('ES256', 'RS256')),
    redirect_uris text[] not null,
    post_logout_redirect_uris text[] not null,
    scopes text[] not null,
    grants text[] not null,
    resources text[] not null,
    require_dpop boolean not null,
    require_par boolean not null,
    keys jsonb,
    created_at timestamptz not null,
    created_by uuid not null,
    constraint pk_clients primary key (organization_id, id),
    constraint fk_clients_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade,
    check ((authentication_method = 'private_key_jwt') = (keys is not null))
);

create table identity.client_secrets (
    organization_id uuid not null,
    client_id uuid not null,
    id uuid not null,
    hash bytea not null check (length(hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint pk_client_secrets primary key (organization_id, client_id, id),
    constraint fk_client_secrets_clients_organization_id_client_id foreign key (organization_id, client_id) references identity.clients (organization_id, id) on delete cascade
);

call platform.protect_tenant('identity.clients');
call platform.protect_tenant('identity.client_secrets');
