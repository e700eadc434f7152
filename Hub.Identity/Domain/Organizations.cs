using System.Runtime.CompilerServices;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What other modules ask of organizations, answered from the database.</summary>
internal sealed class Organizations(IdentityDb db) : IOrganizations
{
    private const int PageSize = 500;

    public Task<Membership?> FindMembershipAsync(Guid userId, string slugOrId, CancellationToken ct) => db.InTransactionAsync(async () =>
    {
        var id = Guid.TryParseExact(slugOrId, "D", out var parsed) ? parsed : await FindIdAsync(slugOrId, ct);
        return id is null ? null : (await OfPerson(userId).SingleOrDefaultAsync(membership => membership.OrganizationId == id, ct))?.ToContract();
    }, ct);

    public async Task<Guid?> FindIdAsync(string slug, CancellationToken ct) =>
        Slug.IsValid(slug) ? await db.Directory.Where(entry => entry.Slug == slug && entry.EndedAt == null).Select(entry => (Guid?)entry.Id).SingleOrDefaultAsync(ct) : null;

    public Task<string?> FindSlugAsync(Guid organizationId, CancellationToken ct) =>
        db.Directory.Where(entry => entry.Id == organizationId && entry.EndedAt == null).Select(entry => entry.Slug).SingleOrDefaultAsync(ct);

    public async IAsyncEnumerable<Guid> AllIdsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        Guid[] page;
        var last = Guid.Empty;
        do
        {
            page = await db.Directory.Where(entry => entry.Id > last && entry.EndedAt == null).OrderBy(entry => entry.Id).Select(entry => entry.Id).Take(PageSize).ToArrayAsync(ct);
            foreach (var id in page)
                yield return last = id;
        }
        while (page.Length == PageSize);
    }

    /// <summary>The person's memberships in all their organizations, or in the one that their sign-in is for. Row-level security lets the signed-in person alone see them.</summary>
    public IQueryable<MembershipView> OfPerson(Guid userId, Guid? limitedTo = null) =>
        from member in db.Memberships.IgnoreQueryFilters([ModuleDatabase.TenantFilter])
        join organization in db.Organizations.IgnoreQueryFilters([ModuleDatabase.TenantFilter]) on member.OrganizationId equals organization.OrganizationId
        join entry in db.Directory on member.OrganizationId equals entry.Id
        where member.UserId == userId && (limitedTo == null || member.OrganizationId == limitedTo)
        select new MembershipView
        {
            OrganizationId = member.OrganizationId,
            Slug = entry.Slug,
            Name = organization.Name,
            Role = member.Role,
            MfaRequiredSince = organization.MfaRequiredSince,
            SsoRequired = organization.SsoRequiredSince != null,
            BreakGlass = member.BreakGlass,
        };
}

/// <summary>A membership with its organization's names, as queries can order and filter it.</summary>
internal sealed class MembershipView
{
    public required Guid OrganizationId { get; init; }
    public required string Slug { get; init; }
    public required string Name { get; init; }
    public required OrganizationRole Role { get; init; }
    public required DateTimeOffset? MfaRequiredSince { get; init; }
    public required bool SsoRequired { get; init; }
    public required bool BreakGlass { get; init; }

    public Membership ToContract() => new(OrganizationId, Slug, Name, Role, Organization.MfaRequiredFrom(MfaRequiredSince, Role), SsoRequired, BreakGlass);
}
