using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}/domains: claims domains, looks their records up, and says who joins by them.</summary>
internal sealed class DomainsModel(IdentityDb db, Domains domains) : OrganizationPage
{
    protected override Permission Reads => Permissions.ReadDomains;

    public IReadOnlyList<OrganizationDomain> Shown { get; private set; } = [];
    public string? Name { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        await LoadAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? act, [FromForm] string? name, [FromForm] OrganizationRole? joinRole)
    {
        if (Refuse(Permissions.ManageDomains) is { } refused)
            return refused;
        var (problem, notice) = DomainName.Normalize(name) is not { } domain
            ? (DomainProblems.Malformed, "")
            : act switch
            {
                "claim" => (await ClaimAsync(domain), $"Add the record of {domain}, then look it up."),
                "verify" => (Detail(DomainProblems.Of(await domains.CheckAsync(domain, Aborted), domain)), $"{domain} is the organization's."),
                "join" => (await ChangeAsync(domain, joinRole), $"Saved for {domain}."),
                "remove" => (await RemoveAsync(domain), $"{domain} is given up."),
                _ => (null, ""),
            };
        if (problem is null)
            return Done($"{Base}/domains", notice);
        Name = act == "claim" ? name : null;
        await LoadAsync();
        return Refuse(problem);
    }

    private async Task<string?> ClaimAsync(string name) =>
        await db.InTransactionAsync(() => domains.ClaimAsync(name, Aborted), Aborted) is null ? Detail(DomainProblems.TooMany) : null;

    private async Task<string?> ChangeAsync(string name, OrganizationRole? role)
    {
        if (role is not (null or OrganizationRole.Viewer or OrganizationRole.Developer))
            return DomainProblems.JoinRoleTooHigh;
        return await db.InTransactionAsync(async () =>
        {
            if (await db.Domains.SingleOrDefaultAsync(row => row.Name == name, Aborted) is not { VerifiedAt: not null } domain)
                return Detail(DomainProblems.NotVerified);
            await domains.ChangeJoinRoleAsync(domain, role, Aborted);
            return null;
        }, Aborted);
    }

    private async Task<string?> RemoveAsync(string name)
    {
        await db.InTransactionAsync(() => domains.RemoveAsync(name, Aborted), Aborted);
        return null;
    }

    private static string? Detail(ProblemHttpResult? problem) => problem?.ProblemDetails.Detail;

    private async Task LoadAsync() => Shown = await db.InTransactionAsync(() => db.Domains.AsNoTracking().OrderBy(row => row.Name).ToListAsync(Aborted), Aborted);
}
