-- That an organization's directory calls, and when a call last succeeded.
create table identity.scim_directories (
    organization_id uuid not null,
    last_call_at timestamptz not null,
    constraint pk_scim_directories primary key (organization_id),
    constraint fk_scim_directories_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade
);
call platform.protect_tenant('identity.scim_directories');

-- What an organization's directory says of a person (RFC 7643 section 4.1): the organization's own view of an account. While it is active the person is a member.
create table identity.scim_users (
    organization_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    user_name text not null check (length(user_name) between 1 and 254),
    normalized_user_name text not null,
    external_id text check (length(external_id) <= 256),
    active boolean not null,
    role text not null check (role in ('viewer', 'billing', 'developer', 'admin')),
    attributes jsonb not null check (jsonb_typeof(attributes) = 'object'),
    created_at timestamptz not null,
    modified_at timestamptz not null,
    constraint pk_scim_users primary key (organization_id, id),
    constraint fk_scim_users_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade,
    constraint fk_scim_users_users_user_id foreign key (user_id) references identity.users (id) on delete cascade
);
create unique index ix_scim_users_organization_id_normalized_user_name on identity.scim_users (organization_id, normalized_user_name);
create unique index ix_scim_users_organization_id_user_id on identity.scim_users (organization_id, user_id);
create index ix_scim_users_organization_id_external_id on identity.scim_users (organization_id, external_id);
create index ix_scim_users_user_id on identity.scim_users (user_id);
-- A person may read what is said of them, wherever.
call platform.protect_tenant('identity.scim_users', 'user_id = platform.current_person()');

-- Groups of the directory (RFC 7643 section 4.2), which may give their members a role. Never that of an owner.
create table identity.scim_groups (
    organization_id uuid not null,
    id uuid not null,
    display_name text not null check (length(display_name) between 1 and 256),
    external_id text check (length(external_id) <= 256),
    role text check (role in ('viewer', 'billing', 'developer', 'admin')),
    created_at timestamptz not null,
    modified_at timestamptz not null,
    constraint pk_scim_groups primary key (organization_id, id),
    constraint fk_scim_groups_organizations_organization_id foreign key (organization_id) references identity.organizations (organization_id) on delete cascade
);
call platform.protect_tenant('identity.scim_groups');

create table identity.scim_group_members (
    organization_id uuid not null,
    group_id uuid not null,
    member_id uuid not null,
    constraint pk_scim_group_members primary key (organization_id, group_id, member_id),
    constraint fk_scim_group_members_scim_groups_organization_id_group_id foreign key (organization_id, group_id) references identity.scim_groups (organization_id, id) on delete cascade,
    constraint fk_scim_group_members_scim_users_organization_id_member_id foreign key (organization_id, member_id) references identity.scim_users (organization_id, id) on delete cascade
);
create index ix_scim_group_members_organization_id_member_id on identity.scim_group_members (organization_id, member_id);
call platform.protect_tenant('identity.scim_group_members');
