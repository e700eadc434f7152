using System.Text.Json.Nodes;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Scim;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>The groups of the directory of the organization that the scope works for, and the roles they give. Needs an open transaction of <see cref="IdentityDb"/>.</summary>
internal sealed class ScimGroups(IdentityDb db, Tenant tenant, Memberships memberships, ScimAddresses addresses, IAuditLog audit, TimeProvider clock)
{
    /// <summary>The most groups of an organization's directory.</summary>
    public const int Limit = 1_000;

    /// <summary>The most names of members in one entry of the audit log.</summary>
    private const int MaxNamesRecorded = 100;

    private Guid Organization => tenant.OrganizationId ?? throw new InvalidOperationException("This scope works for no organization, which then has no directory.");

    /// <summary>A page of groups.</summary>
    public Task<ScimPage> ListAsync(ScimQuery query, CancellationToken ct)
    {
        var rows = db.ScimGroups.AsNoTracking();
        if (query.Filter?.Required(ScimSchemas.Id) is { } text)
        {
            var id = Guid.TryParseExact(text, "D", out var known) ? known : Guid.Empty;
            rows = rows.Where(group => group.Id == id);
        }
        return ScimPage.ReadAsync(rows.OrderBy(group => group.Id), query, DescribeAsync, ct);
    }

    /// <summary>A group.</summary>
    /// <exception cref="ScimException">There is none.</exception>
    public async Task<JsonObject> GetAsync(Guid id, Func<ScimAttribute, bool> wanted, CancellationToken ct) =>
        (await DescribeAsync([await db.ScimGroups.AsNoTracking().SingleOrDefaultAsync(group => group.Id == id, ct) ?? throw ScimException.NotFound()], wanted, ct))[0];

    /// <summary>Makes a group. Names need not differ.</summary>
    public async Task<Guid> CreateAsync(JsonObject attributes, CancellationToken ct)
    {
        var (entry, now) = (ScimGroupEntry.Of(attributes), clock.GetUtcNow());
        await memberships.LockAsync(ct);
        if (await db.ScimGroups.CountAsync(ct) >= Limit)
            throw ScimException.Conflict($"A directory has at most {Limit} groups. Delete those that are of no use any more.");
        var group = new ScimGroup(Organization, Guid.CreateVersion7(now), now);
        group.Describe(entry, now);
        db.Add(group);
        await db.SaveChangesAsync(ct);
        var added = await AddMembersAsync(group, [.. entry.Members], ct);
        await RecordAsync("scim_group.created", group, null, new { group.DisplayName, group.ExternalId, group.Role, members = added.Count, added = Some(added) }, ct);
        if (group.Role is not null)
            await GiveRolesAsync([.. entry.Members], ct);
        return group.Id;
    }

    /// <summary>Changes a group.</summary>
    /// <param name="change">What the group becomes, given what it is.</param>
    public async Task ChangeAsync(Guid id, ScimCondition condition, Func<JsonObject, JsonObject> change, CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        var group = await FindAsync(id, condition, ct);
        var present = (await DescribeAsync([group], attribute => attribute == ScimSchemas.Members, ct))[0];
        var (before, entry) = (ScimGroupEntry.Of(present), ScimGroupEntry.Of(change(present)));
        var (added, removed) = (entry.Members.Except(before.Members).ToArray(), before.Members.Except(entry.Members).ToArray());
        if (added.Length == 0 && removed.Length == 0 && before with { Members = entry.Members } == entry)
            return;
        group.Describe(entry, clock.GetUtcNow());
        await db.SaveChangesAsync(ct);
        var gone = await RemoveMembersAsync(group, removed, ct);
        var come = await AddMembersAsync(group, added, ct);
        await RecordAsync("scim_group.changed", group, new { before.DisplayName, before.ExternalId, before.Role, members = before.Members.Count, removed = Some(gone) },
            new { group.DisplayName, group.ExternalId, group.Role, members = entry.Members.Count, added = Some(come) }, ct);
        if (before.Role != entry.Role)
            await GiveRolesAsync([.. before.Members.Union(entry.Members)], ct);
        else if (entry.Role is not null)
            await GiveRolesAsync([.. added, .. removed], ct);
    }

    /// <summary>Deletes a group; its members stay in the organization, with what their other groups give.</summary>
    public async Task DeleteAsync(Guid id, ScimCondition condition, CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        var group = await FindAsync(id, condition, ct);
        var members = await db.ScimGroupMembers.Where(member => member.GroupId == id).Select(member => member.MemberId).ToArrayAsync(ct);
        db.Remove(group);
        await db.SaveChangesAsync(ct);
        await RecordAsync("scim_group.deleted", group, new { group.DisplayName, group.ExternalId, group.Role, members = members.Length }, null, ct);
        if (group.Role is not null)
            await GiveRolesAsync(members, ct);
    }

    /// <summary>Groups as resources.</summary>
    private async Task<IReadOnlyList<JsonObject>> DescribeAsync(IReadOnlyList<ScimGroup> groups, Func<ScimAttribute, bool> wanted, CancellationToken ct)
    {
        var address = await addresses.BaseAsync(ct);
        var members = wanted(ScimSchemas.Members) ? await MembersOfAsync([.. groups.Select(group => group.Id)], address, ct) : null;
        return [.. groups.Select(group =>
        {
            var resource = new JsonObject { [ScimSchemas.GroupName.Name] = group.DisplayName };
            if (group.ExternalId is { } externalId)
                resource[ScimSchemas.ExternalId.Name] = externalId;
            if (group.Role is { } role)
                resource[ScimSchemas.GroupExtension] = new JsonObject { [ScimSchemas.Role.Name] = role.ToString().ToLowerInvariant() };
            if (members?[group.Id].ToArray() is { Length: > 0 } own)
                resource[ScimSchemas.Members.Name] = new JsonArray(own);
            return ScimAddresses.Complete(resource, ScimSchemas.Group, address, group.Id, group.CreatedAt, group.ModifiedAt, group.RowVersion);
        })];
    }

    private async Task<ILookup<Guid, JsonNode>> MembersOfAsync(Guid[] groups, string address, CancellationToken ct)
    {
        var members = db.ScimGroupMembers.AsNoTracking().Where(member => groups.Contains(member.GroupId));
        if (await members.CountAsync(ct) > ScimPage.MaxLinksRead)
            throw ScimException.TooMany($"These groups have more than {ScimPage.MaxLinksRead} members together. Ask with excludedAttributes=members, for fewer groups by 'count', or for one group.");
        var rows = await (from member in members
                          join user in db.ScimUsers on member.MemberId equals user.Id
                          orderby member.MemberId
                          select new { member.GroupId, member.MemberId, user.UserName }).ToListAsync(ct);
        return rows.ToLookup(row => row.GroupId, JsonNode (row) => new JsonObject
        {
            ["value"] = row.MemberId.ToString(),
            ["$ref"] = ScimAddresses.Of(address, ScimSchemas.User, row.MemberId),
            ["display"] = row.UserName,
            ["type"] = ScimSchemas.User.Name,
        });
    }

    private async Task<ScimGroup> FindAsync(Guid id, ScimCondition condition, CancellationToken ct)
    {
        var group = await db.ScimGroups.SingleOrDefaultAsync(row => row.Id == id, ct) ?? throw ScimException.NotFound();
        condition.Require(group.RowVersion);
        return group;
    }

    /// <returns>Their names.</returns>
    private async Task<IReadOnlyList<string>> AddMembersAsync(ScimGroup group, Guid[] users, CancellationToken ct)
    {
        if (users.Length == 0)
            return [];
        var found = await db.ScimUsers.AsNoTracking().Where(user => users.Contains(user.Id)).Select(user => new { user.Id, user.UserName }).ToListAsync(ct);
        if (found.Count < users.Length)
            throw ScimException.InvalidValue($"There is no user {users.Except(found.Select(user => user.Id)).First()} in this directory. Create users before the groups they are in.");
        await db.Database.ExecuteSqlAsync($"insert into identity.scim_group_members (organization_id, group_id, member_id) select {Organization}, {group.Id}, unnest({users})", ct);
        return [.. found.Select(user => user.UserName)];
    }

    /// <returns>Their names.</returns>
    private async Task<IReadOnlyList<string>> RemoveMembersAsync(ScimGroup group, Guid[] users, CancellationToken ct)
    {
        if (users.Length == 0)
            return [];
        await db.ScimGroupMembers.Where(member => member.GroupId == group.Id && users.Contains(member.MemberId)).ExecuteDeleteAsync(ct);
        return await db.ScimUsers.Where(user => users.Contains(user.Id)).Select(user => user.UserName).ToListAsync(ct);
    }

    /// <summary>Gives users whose groups have changed the highest role that those give, or the lowest there is.</summary>
    private async Task GiveRolesAsync(Guid[] users, CancellationToken ct)
    {
        var given = await (from member in db.ScimGroupMembers
                           join @group in db.ScimGroups on member.GroupId equals @group.Id
                           where users.Contains(member.MemberId) && @group.Role != null
                           select new { member.MemberId, Role = @group.Role!.Value }).ToListAsync(ct);
        var highest = given.GroupBy(row => row.MemberId).ToDictionary(rows => rows.Key, rows => rows.Max(row => row.Role));
        var affected = await db.ScimUsers.Where(user => users.Contains(user.Id)).ToListAsync(ct);
        foreach (var user in affected)
            user.ComeBackAs(highest.GetValueOrDefault(user.Id, OrganizationRole.Viewer));
        await db.SaveChangesAsync(ct);
        await memberships.GiveRolesAsync(affected.Where(user => user.Active).ToDictionary(user => user.UserId, user => user.Role), ct);
    }

    private static string[] Some(IReadOnlyList<string> names) => [.. names.Take(MaxNamesRecorded)];

    private Task RecordAsync(string action, ScimGroup group, object? before, object? after, CancellationToken ct) =>
        audit.RecordAsync(new(action, "scim_group", group.Id) { TargetName = group.DisplayName, Before = before, After = after }, ct);
}
