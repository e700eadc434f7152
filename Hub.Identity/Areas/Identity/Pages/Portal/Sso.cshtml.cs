using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}/sso: through which provider members sign in, whether they must, and trying it.</summary>
internal sealed class SsoModel(IdentityDb db, SsoProviders providers, SsoDirectory directory, IOptions<HubIdentityOptions> options) : OrganizationPage
{
    public sealed class Fields
    {
        public string? Issuer { get; set; }
        public string? ClientId { get; set; }
        public string? ClientSecret { get; set; }
        public SsoAuthentication Authentication { get; set; }
        public string? Scopes { get; set; } = string.Join(' ', SsoRules.DefaultScopes);
        public string? EmailClaim { get; set; } = SsoRules.EmailClaims[0];
        public MultiFactorTrust MultiFactor { get; set; }
        public OrganizationRole? JoinRole { get; set; }
        public bool Enforced { get; set; }
        public List<Guid> BreakGlass { get; set; } = [];
    }

    protected override Permission Reads => Permissions.ReadSso;

    [BindProperty]
    public Fields Input { get; set; } = new();

    /// <summary>Null when members sign in by themselves alone.</summary>
    public SsoResource? Present { get; private set; }

    /// <summary>Those who may be break-glass owners.</summary>
    public IReadOnlyList<MemberResource> Owners { get; private set; } = [];

    /// <summary>What trying it gave; null when it was not tried.</summary>
    public DiagnoseSso.Response? Diagnosis { get; private set; }

    public string RedirectUri => options.Value.Issuer + SsoSignIns.CallbackPath;

    public string SignInAddress => $"{options.Value.Issuer}/signin?organization={Membership.Slug}";

    public async Task<IActionResult> OnGetAsync()
    {
        await LoadAsync();
        if (Present is { } present)
            Input = new()
            {
                Issuer = present.Issuer,
                ClientId = present.ClientId,
                Authentication = present.Authentication,
                Scopes = string.Join(' ', present.Scopes),
                EmailClaim = present.EmailClaim,
                MultiFactor = present.MultiFactor,
                JoinRole = present.JoinRole,
                Enforced = present.Enforced,
                BreakGlass = [.. present.BreakGlass],
            };
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? act)
    {
        if (Refuse(Permissions.ManageSso) is { } tooLow)
            return tooLow;
        if (act == "test")
            return await TestAsync();
        if (await RequireRecentAsync() is { } detour)
            return detour;
        return act == "remove" ? await RemoveAsync() : await SaveAsync();
    }

    private async Task<IActionResult> TestAsync()
    {
        await OnGetAsync();
        if (Present is { } present)
            Diagnosis = await DiagnoseSso.DiagnoseAsync(present.Issuer, directory, Aborted);
        return Page();
    }

    private async Task<IActionResult> SaveAsync()
    {
        string[] scopes = (Input.Scopes ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var settings = new SsoSettings(Input.Issuer?.Trim() ?? "", Input.ClientId?.Trim() ?? "", Input.Authentication, string.IsNullOrEmpty(Input.ClientSecret) ? null : Input.ClientSecret, scopes, Input.EmailClaim ?? "",
            Input.MultiFactor, Input.JoinRole, Input.Enforced, Input.Enforced ? Input.BreakGlass : []);
        var fault = IsOverlong(settings) ? "One of the fields is longer than any that is used." : SsoRules.FindFault(settings, directory)?.Why;
        fault ??= await db.InTransactionAsync(async () => SsoProblems.Describe(await providers.SaveAsync(await providers.FindAndLockAsync(Aborted), settings, Me.UserId, Aborted)), Aborted);
        if (fault is null)
            return Done($"{Base}/sso", "Saved. Try it, and then sign in through it once yourself.");
        await LoadAsync();
        return Refuse(fault);
    }

    private async Task<IActionResult> RemoveAsync()
    {
        await db.InTransactionAsync(async () =>
        {
            if (await providers.FindAndLockAsync(Aborted) is { } provider)
                await providers.RemoveAsync(provider, Aborted);
        }, Aborted);
        return Done($"{Base}/sso", "Members sign in by themselves again.");
    }

    private static bool IsOverlong(SsoSettings settings) => settings.Issuer.Length > SsoProvider.MaxIssuerLength || settings.ClientId.Length > SsoProvider.MaxClientIdLength
        || settings.Secret?.Length > SsoProvider.MaxSecretLength || settings.Scopes.Count > SsoRules.MaxScopes || settings.BreakGlass.Count > SsoRules.MaxBreakGlass;

    private Task LoadAsync() => db.InTransactionAsync(async () =>
    {
        if (await providers.FindAsync(Aborted) is { } provider)
        {
            var (enforced, breakGlass) = await providers.ReadEnforcementAsync(Aborted);
            Present = SsoResource.Of(provider, enforced, breakGlass, options.Value.Issuer);
        }
        Owners = await ListMembers.Query(db).Where(member => member.Role == OrganizationRole.Owner).OrderBy(member => member.Email).Take(100).ToListAsync(Aborted);
    }, Aborted);
}
