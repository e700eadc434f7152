-- Clusters, their agents, what is installed on them, and the signed states that say so.
-- A removed cluster and a finished install stay as history; only what lives takes a name.

create table clusters.clusters (
    organization_id uuid not null,
    id uuid not null,
    name text not null check (name ~ '^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$'),
    created_at timestamptz not null,
    created_by uuid not null,
    removed_at timestamptz,
    serial bigint not null check (serial >= 0),
    state_digest text check (state_digest ~ '^sha256:[0-9a-f]{64}$'),
    last_seen timestamptz,
    next_expected timestamptz,
    state_refusal jsonb,
    constraint pk_clusters primary key (organization_id, id),
    check ((serial = 0) = (state_digest is null))
);
create unique index ix_clusters_organization_id_name on clusters.clusters (organization_id, name) where removed_at is null;
call platform.protect_tenant('clusters.clusters');

create table clusters.enrolments (
    organization_id uuid not null,
    id uuid not null,
    cluster_id uuid not null,
    token_hash text not null check (token_hash ~ '^sha256:[0-9a-f]{64}$'),
    created_at timestamptz not null,
    created_by uuid not null,
    expires_at timestamptz not null,
    consumed_at timestamptz,
    constraint pk_enrolments primary key (organization_id, id),
    constraint fk_enrolments_clusters_organization_id_cluster_id foreign key (organization_id, cluster_id) references clusters.clusters (organization_id, id),
    check (expires_at > created_at and expires_at <= created_at + interval '1 hour'),
    check (consumed_at is null or consumed_at < expires_at)
);
create index ix_enrolments_organization_id_cluster_id on clusters.enrolments (organization_id, cluster_id);
call platform.protect_tenant('clusters.enrolments');

-- One row per key that asked to speak for a cluster. At most one speaks for it now.
create table clusters.agents (
    organization_id uuid not null,
    id uuid not null,
    cluster_id uuid not null,
    enrolment_id uuid not null,
    thumbprint text not null check (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
    public_key text not null,
    keys bytea not null,
    cluster_uid text not null,
    version text not null,
    kubernetes_version text not null,
    distribution text not null,
    address text not null,
    requested_at timestamptz not null,
    status text not null check (status in ('pending', 'accepted', 'refused', 'replaced', 'revoked')),
    decided_at timestamptz,
    decided_by uuid,
    constraint pk_agents primary key (organization_id, id),
    constraint fk_agents_clusters_organization_id_cluster_id foreign key (organization_id, cluster_id) references clusters.clusters (organization_id, id),
    constraint fk_agents_enrolments_organization_id_enrolment_id foreign key (organization_id, enrolment_id) references clusters.enrolments (organization_id, id),
    check ((status = 'pending') = (decided_at is null))
);
create unique index ix_agents_organization_id_enrolment_id on clusters.agents (organization_id, enrolment_id);
create unique index ix_agents_organization_id_cluster_id on clusters.agents (organization_id, cluster_id) where status = 'accepted';
create index ix_agents_organization_id_cluster_uid on clusters.agents (organization_id, cluster_uid);
create index ix_agents_organization_id_cluster_id_requested_at on clusters.agents (organization_id, cluster_id, requested_at);
call platform.protect_tenant('clusters.agents');

-- Immutable bytes by their digest: manifests, sealed inputs, approvals.
create table clusters.blobs (
    organization_id uuid not null,
    digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'),
    content bytea not null check (octet_length(content) between 1 and 1048576),
    created_at timestamptz not null,
    constraint pk_blobs primary key (organization_id, digest)
);
call platform.protect_tenant('clusters.blobs');

-- What is wanted on a cluster, and what the agent last said about it.
create table clusters.installs (
    organization_id uuid not null,
    id uuid not null,
    cluster_id uuid not null,
    name text not null check (name ~ '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' and name not like '%--%'),
    namespace text not null check (namespace ~ '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' and namespace not like '%--%'),
    created_at timestamptz not null,
    created_by uuid not null,
    publisher text not null,
    app text not null,
    edition text not null,
    version text not null,
    published_at timestamptz not null,
    manifest text not null,
    provisioner text not null,
    inputs text,
    digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'),
    approval text,
    paused boolean not null,
    removed boolean not null,
    finished_at timestamptz,
    revision bigint not null check (revision > 0),
    state_serial bigint not null check (state_serial >= 0),
    served_at timestamptz,
    ever_served boolean not null,
    ever_applied boolean not null,
    observed jsonb,
    constraint pk_installs primary key (organization_id, id),
    constraint fk_installs_clusters_organization_id_cluster_id foreign key (organization_id, cluster_id) references clusters.clusters (organization_id, id),
    constraint fk_installs_blobs_organization_id_manifest foreign key (organization_id, manifest) references clusters.blobs (organization_id, digest),
    constraint fk_installs_blobs_organization_id_inputs foreign key (organization_id, inputs) references clusters.blobs (organization_id, digest),
    constraint fk_installs_blobs_organization_id_approval foreign key (organization_id, approval) references clusters.blobs (organization_id, digest),
    check (length(name) + 2 + length(namespace) <= 63),
    check (finished_at is null or removed),
    check (served_at is null or ever_served)
);
create unique index ix_installs_organization_id_cluster_id_namespace_name on clusters.installs (organization_id, cluster_id, namespace, name) where finished_at is null;
create index ix_installs_organization_id_cluster_id_id on clusters.installs (organization_id, cluster_id, id);
call platform.protect_tenant('clusters.installs');

-- Approvals as the approvers signed them. The cluster decides whether they count; the Hub only carries them.
create table clusters.approvals (
    organization_id uuid not null,
    id uuid not null,
    cluster_id uuid not null,
    install_id uuid not null,
    install_digest text not null check (install_digest ~ '^sha256:[0-9a-f]{64}$'),
    thumbprint text not null check (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
    approver text not null,
    approved_at timestamptz not null,
    expires_at timestamptz,
    envelope_digest text not null check (envelope_digest ~ '^sha256:[0-9a-f]{64}$'),
    envelope bytea not null,
    stored_at timestamptz not null,
    stored_by uuid not null,
    constraint pk_approvals primary key (organization_id, id),
    constraint fk_approvals_installs_organization_id_install_id foreign key (organization_id, install_id) references clusters.installs (organization_id, id)
);
create unique index ix_approvals_organization_id_install_id_envelope_digest on clusters.approvals (organization_id, install_id, envelope_digest);
create index ix_approvals_organization_id_cluster_id_id on clusters.approvals (organization_id, cluster_id, id);
call platform.protect_tenant('clusters.approvals');

-- Every state ever signed. The envelope is kept for the newest ones only.
create table clusters.states (
    organization_id uuid not null,
    cluster_id uuid not null,
    serial bigint not null check (serial > 0),
    digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'),
    previous text check (previous ~ '^sha256:[0-9a-f]{64}$'),
    issued_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > issued_at),
    reason text not null,
    envelope bytea,
    constraint pk_states primary key (organization_id, cluster_id, serial),
    constraint fk_states_clusters_organization_id_cluster_id foreign key (organization_id, cluster_id) references clusters.clusters (organization_id, id),
    check ((serial = 1) = (previous is null))
);
call platform.protect_tenant('clusters.states');

-- Which blobs a state names: what the agent may fetch. Kept for the current state and the one before.
create table clusters.state_blobs (
    organization_id uuid not null,
    cluster_id uuid not null,
    serial bigint not null,
    digest text not null,
    constraint pk_state_blobs primary key (organization_id, cluster_id, serial, digest),
    constraint fk_state_blobs_states_organization_id_cluster_id_serial foreign key (organization_id, cluster_id, serial) references clusters.states (organization_id, cluster_id, serial),
    constraint fk_state_blobs_blobs_organization_id_digest foreign key (organization_id, digest) references clusters.blobs (organization_id, digest)
);
create index ix_state_blobs_organization_id_digest on clusters.state_blobs (organization_id, digest);
call platform.protect_tenant('clusters.state_blobs');

create table clusters.reports (
    organization_id uuid not null,
    id uuid not null,
    cluster_id uuid not null,
    received_at timestamptz not null,
    serial bigint,
    content jsonb not null,
    constraint pk_reports primary key (organization_id, id),
    constraint fk_reports_clusters_organization_id_cluster_id foreign key (organization_id, cluster_id) references clusters.clusters (organization_id, id)
);
create index ix_reports_organization_id_cluster_id_id on clusters.reports (organization_id, cluster_id, id);
call platform.protect_tenant('clusters.reports');

-- What the agent signed about each state. Append-only: what was said stays said.
create table clusters.receipts (
    organization_id uuid not null,
    id uuid not null,
    cluster_id uuid not null,
    digest text not null check (digest ~ '^sha256:[0-9a-f]{64}$'),
    previous text check (previous ~ '^sha256:[0-9a-f]{64}$'),
    serial bigint check (serial > 0),
    result text not null,
    signed_at timestamptz not null,
    thumbprint text not null,
    envelope bytea not null,
    received_at timestamptz not null,
    constraint pk_receipts primary key (organization_id, id),
    constraint fk_receipts_clusters_organization_id_cluster_id foreign key (organization_id, cluster_id) references clusters.clusters (organization_id, id)
);
create unique index ix_receipts_organization_id_cluster_id_digest on clusters.receipts (organization_id, cluster_id, digest);
create index ix_receipts_organization_id_cluster_id_id on clusters.receipts (organization_id, cluster_id, id);
call platform.protect_tenant('clusters.receipts');

create function clusters.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'clusters.receipts is append-only' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete on clusters.receipts for each row execute function clusters.refuse_change();

-- The Hub's own signing keys: no tenant's. The private part is protected by the key ring before it comes here.
create table clusters.state_keys (
    thumbprint text not null check (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
    public_key text not null,
    protected_private_key bytea not null,
    created_at timestamptz not null,
    signs_from timestamptz not null,
    signs_until timestamptz not null,
    predecessor text,
    succession bytea,
    constraint pk_state_keys primary key (thumbprint),
    constraint fk_state_keys_state_keys_predecessor foreign key (predecessor) references clusters.state_keys (thumbprint),
    check (created_at <= signs_from and signs_from < signs_until),
    check ((predecessor is null) = (succession is null))
);
create unique index ix_state_keys_predecessor on clusters.state_keys (predecessor);
