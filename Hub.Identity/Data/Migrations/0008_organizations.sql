-- An organization that ended keeps its slug for good: what was trusted under a publisher's name must never come from somebody else.
alter table identity.directory add column ended_at timestamptz;

-- Since when members must sign in with more than one factor.
alter table identity.organizations add column mfa_required_since timestamptz;

create table identity.invitations (
    organization_id uuid not null,
    id uuid not null,
    email text not null check (length(email) between 3 and 254),
    normalized_email text not null,
    role text not null check (role in ('viewer', 'billing', 'developer', 'admin', 'owner')),
    invited_by uuid not null,
    created_at timestamptz not null,
    sent_at timestamptz not null,
    expires_at timestamptz not null,
    token_hash bytea not null check (length(token_hash) = 32),
    accepted_at timestamptz,
    accepted_by uuid,
    revoked_at timestamptz,
    constraint pk_invitations primary key (organization_id, id),
    constraint fk_invitations_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade,
    check (expires_at > created_at),
    check ((accepted_at is null) = (accepted_by is null)),
    check (accepted_at is null or revoked_at is null)
);
create unique index ix_invitations_organization_id_normalized_email on identity.invitations (organization_id, normalized_email) where accepted_at is null and revoked_at is null;
call platform.protect_tenant('identity.invitations');

-- Domains that organizations say are theirs. Any may say so; what counts is verified_domains.
create table identity.domains (
    organization_id uuid not null,
    name text not null check (name = lower(name) and length(name) between 3 and 253),
    challenge text not null,
    join_role text check (join_role in ('viewer', 'developer')),
    created_at timestamptz not null,
    verified_at timestamptz,
    checked_at timestamptz,
    missing_since timestamptz,
    constraint pk_domains primary key (organization_id, name),
    constraint fk_domains_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade,
    check (join_role is null or verified_at is not null),
    check (missing_since is null or verified_at is not null)
);
call platform.protect_tenant('identity.domains');

-- Whose a verified domain is: asked before the tenant is known, so it holds nothing else. One organization a domain.
create table identity.verified_domains (
    name text not null,
    directory_id uuid not null,
    constraint pk_verified_domains primary key (name),
    constraint fk_verified_domains_domains_directory_id_name foreign key (directory_id, name) references identity.domains (organization_id, name) on delete cascade
);
create index ix_verified_domains_directory_id_name on identity.verified_domains (directory_id, name);

-- Who has become a member by a domain once: whoever then leaves, or is removed, does not come back by it.
create table identity.domain_joins (
    organization_id uuid not null,
    user_id uuid not null,
    joined_at timestamptz not null,
    constraint pk_domain_joins primary key (organization_id, user_id),
    constraint fk_domain_joins_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade,
    constraint fk_domain_joins_users_user_id foreign key (user_id) references identity.users (id) on delete cascade
);
create index ix_domain_joins_user_id on identity.domain_joins (user_id);
call platform.protect_tenant('identity.domain_joins');
