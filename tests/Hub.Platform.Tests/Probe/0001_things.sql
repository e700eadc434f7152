create table probe.things (
    organization_id uuid not null,
    id uuid not null,
    name text not null,
    constraint pk_things primary key (organization_id, id)
);
call platform.protect_tenant('probe.things');
