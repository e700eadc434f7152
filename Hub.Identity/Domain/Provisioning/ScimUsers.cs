using System.Text.Json.Nodes;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Scim;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// The users of the directory of the organization that the scope works for, and what follows for accounts and memberships. Changes wait for those of members. Needs an open
/// transaction of <see cref="IdentityDb"/>.
/// </summary>
internal sealed class ScimUsers(
    IdentityDb db, Tenant tenant, Memberships memberships, Domains domains, Sessions sessions, ScimAddresses addresses, UserManager<Person> people, IAuditLog audit, TimeProvider clock)
{
    /// <summary>The most users of an organization's directory.</summary>
    public const int Limit = 10_000;

    private Guid Organization => tenant.OrganizationId ?? throw new InvalidOperationException("This scope works for no organization, which then has no directory.");

    /// <summary>A page of users.</summary>
    public Task<ScimPage> ListAsync(ScimQuery query, CancellationToken ct)
    {
        var rows = db.ScimUsers.AsNoTracking();
        if (query.Filter?.Required(ScimSchemas.UserName)?.ToUpperInvariant() is { } userName)
            rows = rows.Where(user => user.NormalizedUserName == userName);
        if (query.Filter?.Required(ScimSchemas.ExternalId) is { } externalId)
            rows = rows.Where(user => user.ExternalId == externalId);
        return ScimPage.ReadAsync(rows.OrderBy(user => user.Id), query, DescribeAsync, ct);
    }

    /// <summary>A user.</summary>
    /// <exception cref="ScimException">There is none.</exception>
    public async Task<JsonObject> GetAsync(Guid id, Func<ScimAttribute, bool> wanted, CancellationToken ct) =>
        (await DescribeAsync([await db.ScimUsers.AsNoTracking().SingleOrDefaultAsync(user => user.Id == id, ct) ?? throw ScimException.NotFound()], wanted, ct))[0];

    /// <summary>Makes a user: of two with one userName or one account, one is made. The account is found by its confirmed address, or made without a way to sign in but that address.</summary>
    public async Task<Guid> CreateAsync(JsonObject attributes, CancellationToken ct)
    {
        var (entry, now) = (ScimUserEntry.Of(attributes, active: true), clock.GetUtcNow());
        await memberships.LockAsync(ct);
        if (await db.ScimUsers.CountAsync(ct) >= Limit)
            throw ScimException.Conflict($"A directory has at most {Limit} users. Delete those that are of no use any more.");
        await RequireFreeNameAsync(entry, ct);
        await RequireOwnDomainAsync(entry.Address, ct);
        var (person, isNew) = await FindOrMakePersonAsync(entry.Address, now, ct);
        if (await db.ScimUsers.AsNoTracking().SingleOrDefaultAsync(user => user.UserId == person.Id, ct) is { } same)
            throw ScimException.Uniqueness($"The user \"{same.UserName}\" stands for the account of {entry.Address} already. One account is one user.");
        var role = await FindRoleAsync(person.Id, ct);
        var user = new ScimUser(Organization, Guid.CreateVersion7(now), person.Id, role is null or OrganizationRole.Owner ? OrganizationRole.Viewer : role.Value, now);
        user.Describe(entry, now);
        db.Add(user);
        await db.SaveChangesAsync(ct);
        await RecordAsync("scim_user.created", user, null, new { user.UserName, user.ExternalId, user.Active, address = entry.Address, account = person.Id, isNewAccount = isNew }, ct);
        if (user.Active)
            await memberships.AddAsync(person.Id, user.Role, "scim", ct);
        else
            await EndMembershipAsync(user, role, ct);
        return user.Id;
    }

    /// <summary>Changes a user.</summary>
    /// <param name="change">What the user becomes, given what they are.</param>
    public async Task ChangeAsync(Guid id, ScimCondition condition, Func<JsonObject, JsonObject> change, CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        var user = await FindAsync(id, condition, ct);
        var (before, was) = (ScimUserEntry.Of(AttributesOf(user), user.Active), new { user.UserName, user.ExternalId, user.Active });
        var entry = ScimUserEntry.Of(change(AttributesOf(user)), user.Active);
        if (JsonNode.DeepEquals(before.Attributes, entry.Attributes))
            return;
        if (entry.NormalizedUserName != user.NormalizedUserName)
            await RequireFreeNameAsync(entry, ct);
        var (comesBack, leaves) = (entry.Active && !user.Active, user.Active && !entry.Active);
        if (comesBack || !entry.Address.Equals(before.Address, StringComparison.OrdinalIgnoreCase))
            await RequireOwnDomainAsync(entry.Address, ct);
        var role = await FindRoleAsync(user.UserId, ct);
        if (leaves)
            RequireNoOwner(role);
        user.Describe(entry, clock.GetUtcNow());
        if (leaves && role is { } last)
            user.ComeBackAs(last);
        await db.SaveChangesAsync(ct);
        await RecordAsync("scim_user.changed", user, was, new { user.UserName, user.ExternalId, user.Active }, ct);
        if (leaves)
            await EndMembershipAsync(user, role, ct);
        else if (comesBack)
            await memberships.AddAsync(user.UserId, user.Role, "scim", ct);
    }

    /// <summary>Deletes a user; the membership ends with it. The account stays.</summary>
    public async Task DeleteAsync(Guid id, ScimCondition condition, CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        var user = await FindAsync(id, condition, ct);
        var role = await FindRoleAsync(user.UserId, ct);
        RequireNoOwner(role);
        db.Remove(user);
        await db.SaveChangesAsync(ct);
        await RecordAsync("scim_user.deleted", user, new { user.UserName, user.ExternalId, user.Active }, null, ct);
        if (user.Active)
            await EndMembershipAsync(user, role, ct);
    }

    /// <summary>Users as resources. Those of nobody's: none.</summary>
    private async Task<IReadOnlyList<JsonObject>> DescribeAsync(IReadOnlyList<ScimUser> users, Func<ScimAttribute, bool> wanted, CancellationToken ct)
    {
        var address = await addresses.BaseAsync(ct);
        var groups = wanted(ScimSchemas.Groups) ? await GroupsOfAsync([.. users.Select(user => user.Id)], address, ct) : null;
        return [.. users.Select(user =>
        {
            var resource = ScimAddresses.Complete(AttributesOf(user), ScimSchemas.User, address, user.Id, user.CreatedAt, user.ModifiedAt, user.RowVersion);
            if (groups?[user.Id].ToArray() is { Length: > 0 } own)
                resource[ScimSchemas.Groups.Name] = new JsonArray(own);
            return resource;
        })];
    }

    private async Task<ILookup<Guid, JsonNode>> GroupsOfAsync(Guid[] users, string address, CancellationToken ct)
    {
        var links = db.ScimGroupMembers.AsNoTracking().Where(member => users.Contains(member.MemberId));
        if (await links.CountAsync(ct) > ScimPage.MaxLinksRead)
            throw ScimException.TooMany($"These users are in more than {ScimPage.MaxLinksRead} groups together. Ask with excludedAttributes=groups, for fewer users by 'count', or without 'groups' in the filter.");
        var rows = await (from member in links
                          join @group in db.ScimGroups on member.GroupId equals @group.Id
                          orderby @group.Id
                          select new { member.MemberId, @group.Id, @group.DisplayName }).ToListAsync(ct);
        return rows.ToLookup(row => row.MemberId, JsonNode (row) => new JsonObject
        {
            ["value"] = row.Id.ToString(),
            ["$ref"] = ScimAddresses.Of(address, ScimSchemas.Group, row.Id),
            ["display"] = row.DisplayName,
        });
    }

    /// <summary>What the directory said, with what has become of it since: a person may have left by themselves.</summary>
    private static JsonObject AttributesOf(ScimUser user)
    {
        var attributes = JsonNode.Parse(user.Attributes)!.AsObject();
        attributes[ScimSchemas.Active.Name] = user.Active;
        return attributes;
    }

    private async Task<ScimUser> FindAsync(Guid id, ScimCondition condition, CancellationToken ct)
    {
        var user = await db.ScimUsers.SingleOrDefaultAsync(row => row.Id == id, ct) ?? throw ScimException.NotFound();
        condition.Require(user.RowVersion);
        return user;
    }

    private async Task<OrganizationRole?> FindRoleAsync(Guid userId, CancellationToken ct) =>
        (await db.Memberships.AsNoTracking().SingleOrDefaultAsync(member => member.UserId == userId, ct))?.Role;

    private static void RequireNoOwner(OrganizationRole? role)
    {
        if (role == OrganizationRole.Owner)
            throw ScimException.Conflict("This person owns the organization, and a directory neither makes nor removes owners. Hand the organization over, or give them another role there, first.");
    }

    private async Task RequireFreeNameAsync(ScimUserEntry entry, CancellationToken ct)
    {
        if (await db.ScimUsers.AnyAsync(user => user.NormalizedUserName == entry.NormalizedUserName, ct))
            throw ScimException.Uniqueness($"There is a user with the userName \"{entry.UserName}\" already.");
    }

    /// <summary>An organization provisions people of its own domains alone.</summary>
    private async Task RequireOwnDomainAsync(string address, CancellationToken ct)
    {
        if (await domains.FindOrganizationAsync(address, ct) != Organization)
            throw ScimException.InvalidValue($"The address {address} is of no verified domain of this organization. Add its domain on the organization's page Domains, and verify it, first.");
    }

    private async Task<(Person Person, bool IsNew)> FindOrMakePersonAsync(string address, DateTimeOffset now, CancellationToken ct)
    {
        if (await people.FindByEmailAsync(address) is { } present)
            return present.EmailConfirmed ? (present, false) : throw ScimException.Uniqueness($"There is an account with the address {address} that never confirmed it. Its person confirms it first, by a new password.");
        var person = new Person(address, now) { EmailConfirmed = true };
        try
        {
            var made = await people.CreateAsync(person);
            if (made.Succeeded)
                return (person, true);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // the person signed up in this moment
        }
        throw ScimException.Uniqueness($"An account with the address {address} was made in the same moment. Repeat the request, which then finds it.");
    }

    /// <summary>Ends the membership at once, whatever the person is signed in with, and every way to come back but the directory's.</summary>
    private async Task EndMembershipAsync(ScimUser user, OrganizationRole? role, CancellationToken ct)
    {
        RequireNoOwner(role);
        await memberships.CloseWaysInAsync(user.UserId, ct);
        if (await memberships.DeprovisionAsync(user.UserId, ct) == MembershipOutcome.Done)
            await sessions.EndAllWithinAsync(user.UserId, "deactivated by the directory of an organization", ct);
    }

    private Task RecordAsync(string action, ScimUser user, object? before, object? after, CancellationToken ct) =>
        audit.RecordAsync(new(action, "scim_user", user.Id) { TargetName = user.UserName, Before = before, After = after }, ct);
}
