-- The one organization that a sign-in, or what came of it, is good for: its own provider vouched for the person, or an application asked for it. They belong to their person, and are in no tenant.
alter table identity.sessions add column limited_to uuid;
create index ix_sessions_limited_to on identity.sessions (limited_to) where limited_to is not null;
alter table identity.grants add column limited_to uuid;
create index ix_grants_limited_to on identity.grants (limited_to) where limited_to is not null;
