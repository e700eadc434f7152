-- Applications: one row per application of an organization, telling its latest version.
create table registry.applications (
    organization_id uuid not null,
    id uuid not null,
    app text not null constraint app_is_a_short_label check (app ~ '^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$'),
    publisher text not null,
    name text not null constraint name_is_short check (length(name) between 1 and 80),
    summary text,
    icon text,
    visibility text not null constraint visibility_is_known check (visibility in ('private', 'public')),
    latest_version text not null,
    latest_digest text not null,
    latest_published_at timestamptz not null,
    created_at timestamptz not null,
    constraint pk_applications primary key (organization_id, id)
);
create unique index ix_applications_organization_id_app on registry.applications (organization_id, app);
create index ix_applications_publisher_app on registry.applications (publisher, app);
call platform.protect_tenant('registry.applications', 'visibility = ''public''');

-- Versions: canonical JSON under its SHA-256. "precedence" sorts by SemVer 2.0.0 §11 in byte order.
create table registry.versions (
    organization_id uuid not null,
    id uuid not null,
    application_id uuid not null,
    version text not null constraint version_is_short check (length(version) between 5 and 128),
    precedence text collate "C" not null,
    digest text not null,
    manifest bytea not null constraint manifest_is_small check (length(manifest) between 2 and 4194304),
    published_by uuid not null,
    published_at timestamptz not null,
    constraint digest_is_of_the_manifest check (digest = 'sha256:' || encode(sha256(manifest), 'hex')),
    constraint pk_versions primary key (organization_id, id),
    constraint fk_versions_applications_organization_id_application_id
        foreign key (organization_id, application_id) references registry.applications (organization_id, id)
);
-- Also what decides a race: two versions that differ only in build metadata have one precedence, and the first of them wins.
create unique index ix_versions_organization_id_application_id_precedence on registry.versions (organization_id, application_id, precedence);
create index ix_versions_organization_id_application_id_digest on registry.versions (organization_id, application_id, digest);
call platform.protect_tenant('registry.versions',
    'exists (select 1 from registry.applications a where a.organization_id = versions.organization_id and a.id = versions.application_id and a.visibility = ''public'')');

create function registry.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'A published version never changes. Publish a new one.' using errcode = 'restrict_violation';
end $$;
create trigger versions_are_immutable before update or delete on registry.versions for each row execute function registry.refuse_change();

-- Artwork: who knows the digest of an image already has the image, so its address is its protection.
create table registry.artwork (
    organization_id uuid not null,
    digest text not null,
    media_type text not null constraint media_type_is_an_image check (media_type in ('image/svg+xml', 'image/png', 'image/jpeg', 'image/gif', 'image/webp')),
    content bytea not null constraint content_is_small check (length(content) between 1 and 500000),
    created_at timestamptz not null,
    constraint digest_is_of_the_content check (digest = 'sha256:' || encode(sha256(content), 'hex')),
    constraint pk_artwork primary key (organization_id, digest)
);
create index ix_artwork_digest on registry.artwork (digest);
call platform.protect_tenant('registry.artwork', 'true');
create trigger artwork_is_immutable before update on registry.artwork for each row execute function registry.refuse_change();
