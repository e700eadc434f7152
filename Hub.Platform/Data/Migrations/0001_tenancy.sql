-- The tenant of the current transaction. Null when none is set: then no policy matches, and no row is seen.
create function platform.current_organization() returns uuid language sql stable
    return nullif(current_setting('codezero.organization', true), '')::uuid;

-- The signed-in person of the current transaction, who may see their own memberships across organizations.
create function platform.current_person() returns uuid language sql stable
    return nullif(current_setting('codezero.user', true), '')::uuid;

-- Puts a table under tenancy: forced row-level security, one permissive policy, and the restrictive one that counts.
-- "visible" widens what may be READ beyond the tenant's own rows (public catalogue, own memberships); writing stays the tenant's alone.
create procedure platform.protect_tenant(target regclass, visible text default null) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy everything on %s as permissive for all using (true) with check (true)', target);
    if visible is null then
        execute format('create policy tenant on %s as restrictive for all using (organization_id = platform.current_organization()) with check (organization_id = platform.current_organization())', target);
    else
        execute format('create policy tenant_read on %s as restrictive for select using (organization_id = platform.current_organization() or (%s))', target, visible);
        execute format('create policy tenant_insert on %s as restrictive for insert with check (organization_id = platform.current_organization())', target);
        execute format('create policy tenant_update on %s as restrictive for update using (organization_id = platform.current_organization()) with check (organization_id = platform.current_organization())', target);
        execute format('create policy tenant_delete on %s as restrictive for delete using (organization_id = platform.current_organization())', target);
    end if;
end $$;
