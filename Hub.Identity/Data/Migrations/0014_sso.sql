-- The one organization that a sign-in, or what came of it, is good for: its own provider vouched for the person, or an application asked for it. They belong to their person, and are in no tenant.
alter table identity.sessions add column limited_to uuid;
create index ix_sessions_limited_to on identity.sessions (limited_to) where limited_to is not null;
alter table identity.grants add column limited_to uuid;
create index ix_grants_limited_to on identity.grants (limited_to) where limited_to is not null;

-- Since when members must sign in through the organization's own provider, and the owners who need not, for the day that provider fails.
alter table identity.organizations add column sso_required_since timestamptz;
alter table identity.memberships add column break_glass boolean not null default false check (not break_glass or role = 'owner');

-- The provider that signs an organization's members in. Secret and key are encrypted under the platform's key ring.
create table identity.sso_providers (
    organization_id uuid not null,
    issuer text not null check (length(issuer) between 1 and 400),
    client_id text not null check (length(client_id) between 1 and 255),
    protected_secret bytea,
    protected_key bytea,
    public_key jsonb,
    scopes text[] not null,
    email_claim text not null check (email_claim in ('email', 'preferred_username', 'upn')),
    multi_factor text not null check (multi_factor in ('never', 'claimed', 'always')),
    join_role text check (join_role in ('viewer', 'developer')),
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint pk_sso_providers primary key (organization_id),
    constraint fk_sso_providers_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade,
    check ((protected_secret is null) <> (protected_key is null)),
    check ((protected_key is null) = (public_key is null))
);
call platform.protect_tenant('identity.sso_providers');

-- Who somebody is at the provider. Made once by a verified domain's address, and never looked up by the address again.
create table identity.sso_links (
    organization_id uuid not null,
    issuer text not null,
    subject text not null check (length(subject) between 1 and 255),
    user_id uuid not null,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    constraint pk_sso_links primary key (organization_id, issuer, subject),
    constraint fk_sso_links_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade,
    constraint fk_sso_links_users_user_id foreign key (user_id) references identity.users (id) on delete cascade
);
create unique index ix_sso_links_organization_id_issuer_user_id on identity.sso_links (organization_id, issuer, user_id);
create index ix_sso_links_user_id on identity.sso_links (user_id);
call platform.protect_tenant('identity.sso_links', 'user_id = platform.current_person()');

-- Sign-ins on their way to a provider and back: asked for before the tenant is known. Of the browser's secret, from which nonce and code verifier are made, there is the hash alone.
create table identity.sso_sign_ins (
    hash bytea not null check (length(hash) = 32),
    browser_hash bytea not null check (length(browser_hash) = 32),
    directory_id uuid not null,
    issuer text not null,
    client_id text not null,
    return_to text not null,
    expires_at timestamptz not null,
    constraint pk_sso_sign_ins primary key (hash)
);
create index ix_sso_sign_ins_expires_at on identity.sso_sign_ins (expires_at);
