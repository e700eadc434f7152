-- When the person at this browser last proved to be who signed in; before what could take the account over, it must have been within minutes.
alter table identity.sessions add column proved_at timestamptz;
update identity.sessions set proved_at = authenticated_at;
alter table identity.sessions alter column proved_at set not null;
