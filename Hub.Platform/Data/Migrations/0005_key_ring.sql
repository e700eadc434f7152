-- The data protection key ring, shared by all replicas; each element is encrypted under the master key.
create table platform.key_ring (
    id bigint generated always as identity primary key,
    friendly_name text not null,
    xml text not null
);
