using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>
/// A page under /organizations/{slug}, by the same rule as the API: who is no member finds nothing, who signed in by less than the organization asks for learns what to do,
/// and whose role is too low is told which would do.
/// </summary>
internal abstract class OrganizationPage : AccountPage
{
    private Membership? _membership;

    /// <summary>What a member needs to see the page.</summary>
    protected abstract Permission Reads { get; }

    /// <summary>The caller's place in the organization.</summary>
    public Membership Membership => _membership!;

    /// <summary>The address of this organization's pages, without a slash at the end.</summary>
    public string Base => $"/organizations/{Membership.Slug}";

    /// <summary>What the person has to change; null when nothing.</summary>
    public string? Fault { get; private set; }

    protected override bool AdmitsLimited => true;

    public bool May(Permission permission) => Membership.Role >= permission.Minimum;

    [NonHandler]
    public override async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        if (Session is { } session && await EnterAsync(session) is { } refused)
            context.Result = refused;
        else
            await base.OnPageHandlerExecutionAsync(context, next);
    }

    /// <summary>Null when the member has the permission; else the page that says which role has it.</summary>
    protected IActionResult? Refuse(Permission permission) => May(permission) ? null : TooLow(permission);

    /// <summary>The page once more, with what has to be changed.</summary>
    protected PageResult Refuse(string fault)
    {
        Fault = fault;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    private async Task<IActionResult?> EnterAsync(SignedIn session)
    {
        var services = HttpContext.RequestServices;
        var tenant = services.GetRequiredService<Tenant>();
        tenant.SignIn(session.UserId);
        _membership = await services.GetRequiredService<Organizations>().FindMembershipAsync(session.UserId, (string)RouteData.Values["slug"]!, Aborted);
        var access = OrganizationRule.Decide(_membership, Reads, session.Amr, session.LimitedTo, services.GetRequiredService<TimeProvider>().GetUtcNow());
        switch (access)
        {
            case OrganizationAccess.NotAMember:
                return RefusedView.Create("There is no such organization, or you are no member of it.", StatusCodes.Status404NotFound);
            case OrganizationAccess.SsoRequired:
                return SeeOther($"/signin?organization={_membership!.Slug}&returnUrl={Uri.EscapeDataString(Request.Path.ToUriComponent() + Request.QueryString.ToUriComponent())}");
            case OrganizationAccess.MfaRequired:
                return RefusedView.Create("This organization asks for a second factor, and you signed in without one. Set up a passkey or an authenticator app under Your account, Security; then sign out, and in again with it.",
                    StatusCodes.Status403Forbidden);
            case OrganizationAccess.RoleTooLow:
                return TooLow(Reads);
        }
        tenant.Enter(_membership!.OrganizationId);
        return null;
    }

    private static ViewResult TooLow(Permission permission) => RefusedView.Create(
        $"This needs the role {permission.Minimum.ToString().ToLowerInvariant()} or higher in the organization. Ask an owner or admin to raise yours.", StatusCodes.Status403Forbidden);
}

/// <summary>The entries of an organization's navigation, in their order.</summary>
internal static class OrganizationNavigation
{
    public static readonly IReadOnlyList<(string Address, string Title, Permission Permission)> Entries =
    [
        ("", "Overview", Permissions.ReadOrganization),
        ("/members", "Members", Permissions.ReadMembers),
        ("/invitations", "Invitations", Permissions.ManageMembers),
        ("/domains", "Domains", Permissions.ReadDomains),
        ("/provisioning", "Provisioning", Permissions.ProvisionMembers),
        ("/policy", "Policy", Permissions.ReadPolicy),
        ("/sso", "Single sign-on", Permissions.ReadSso),
        ("/keys", "API keys", Permissions.ReadKeys),
        ("/audit", "Audit log", Permissions.ReadAudit),
    ];
}
