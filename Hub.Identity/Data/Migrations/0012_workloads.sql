-- Groups of people in Kubernetes begin with their organization's slug, and what begins with "system:" is Kubernetes' own. No rule of the Hub lets it through; nor does the database.
alter table identity.directory add constraint ck_directory_slug_not_system check (slug <> 'system');
