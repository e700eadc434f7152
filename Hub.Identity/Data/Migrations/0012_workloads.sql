-- Groups of people in Kubernetes begin with their organization's slug, and what begins with "system:" is Kubernetes' own. No rule of the Hub lets it through; nor does the database.
alter table identity.directory add constraint ck_directory_slug_not_system check (slug <> 'system');

-- Service accounts of clusters that may act as an organization's client. Their keys are kept as they were given; nothing is fetched.
create table identity.workloads (
    organization_id uuid not null,
    client_id uuid not null,
    id uuid not null,
    issuer text not null check (length(issuer) between 1 and 400),
    subject text not null check (subject like 'system:serviceaccount:%' and length(subject) <= 400),
    audience text not null check (length(audience) between 1 and 400),
    keys jsonb not null,
    created_at timestamptz not null,
    created_by uuid not null,
    constraint pk_workloads primary key (organization_id, client_id, id),
    constraint fk_workloads_clients_organization_id_client_id foreign key (organization_id, client_id) references identity.clients (organization_id, id) on delete cascade
);
create unique index ix_workloads_organization_id_client_id_issuer_subject_audience on identity.workloads (organization_id, client_id, issuer, subject, audience);
call platform.protect_tenant('identity.workloads');
