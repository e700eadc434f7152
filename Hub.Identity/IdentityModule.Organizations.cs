using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Identity.Jobs;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity;

// Organizations: members, domains, policy and the audit log.
public static partial class IdentityModule
{
    private static void AddOrganizations(IServiceCollection services)
    {
        services.AddHttpContextAccessor();
        services.AddScoped<IAuditLog, AuditLog>().AddScoped<AuditTrail>();
        services.AddScoped<Organizations>().AddScoped<IOrganizations>(provider => provider.GetRequiredService<Organizations>());
        services.AddScoped<OrganizationSettings>().AddScoped<Memberships>().AddScoped<Invitations>().AddScoped<Domains>();
        services.AddHubJob<CheckDomains>(CheckDomains.Name, CheckDomains.Cron);
    }

    private static void MapOrganizations(RouteGroupBuilder v1)
    {
        v1.MapGet("/orgs", ListOrganizations.Handle).RequireCaller();
        v1.MapPost("/orgs", CreateOrganization.Handle).RequireAuthorization().WithLateUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        v1.MapPost("/invitations/acceptance", AcceptInvitation.Handle).RequireAuthorization().WithLateUnitOfWork<RouteHandlerBuilder, IdentityDb>();

        // Those that wait for something else than the database, or read for long, hold no transaction meanwhile.
        var free = v1.MapGroup("/orgs/{org}");
        free.MapDelete("", EndOrganization.Handle).RequirePermission(Permissions.DeleteOrganization).RequireRecentSignIn().WithLateUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        free.MapPost("/domains/{domain}/verification", VerifyDomain.Handle).RequirePermission(Permissions.ManageDomains).WithMetadata(new OwnRepetition());
        free.MapGet("/audit/export", ExportAudit.Handle).RequirePermission(Permissions.ReadAudit).Produces(StatusCodes.Status200OK, contentType: ExportAudit.MediaType);
        free.MapGet("/audit/verification", VerifyAudit.Handle).RequirePermission(Permissions.ReadAudit);

        var org = v1.MapGroup("/orgs/{org}").WithUnitOfWork<RouteGroupBuilder, IdentityDb>();
        org.MapGet("", GetOrganization.Handle).RequirePermission(Permissions.ReadOrganization);
        org.MapPatch("", ChangeOrganization.Handle).RequirePermission(Permissions.ManageOrganization);
        org.MapPost("/transfer", TransferOrganization.Handle).RequirePermission(Permissions.TransferOrganization).RequireRecentSignIn();
        org.MapDelete("/membership", LeaveOrganization.Handle).RequirePermission(Permissions.LeaveOrganization);
        org.MapGet("/members", ListMembers.Handle).RequirePermission(Permissions.ReadMembers);
        org.MapGet("/members/{user:guid}", GetMember.Handle).RequirePermission(Permissions.ReadMembers);
        org.MapPatch("/members/{user:guid}", ChangeMember.Handle).RequirePermission(Permissions.ManageMembers);
        org.MapDelete("/members/{user:guid}", RemoveMember.Handle).RequirePermission(Permissions.ManageMembers);
        org.MapGet("/invitations", ListInvitations.Handle).RequirePermission(Permissions.ManageMembers);
        org.MapPost("/invitations", CreateInvitation.Handle).RequirePermission(Permissions.ManageMembers);
        org.MapGet("/invitations/{invitation:guid}", GetInvitation.Handle).RequirePermission(Permissions.ManageMembers);
        org.MapDelete("/invitations/{invitation:guid}", RevokeInvitation.Handle).RequirePermission(Permissions.ManageMembers);
        org.MapPost("/invitations/{invitation:guid}/resend", ResendInvitation.Handle).RequirePermission(Permissions.ManageMembers);
        org.MapGet("/domains", ListDomains.Handle).RequirePermission(Permissions.ReadDomains);
        org.MapPost("/domains", ClaimDomain.Handle).RequirePermission(Permissions.ManageDomains);
        org.MapGet("/domains/{domain}", GetDomain.Handle).RequirePermission(Permissions.ReadDomains);
        org.MapPut("/domains/{domain}", ChangeDomain.Handle).RequirePermission(Permissions.ManageDomains);
        org.MapDelete("/domains/{domain}", RemoveDomain.Handle).RequirePermission(Permissions.ManageDomains);
        org.MapGet("/policy", GetPolicy.Handle).RequirePermission(Permissions.ReadPolicy);
        org.MapPut("/policy", SetPolicy.Handle).RequirePermission(Permissions.ManagePolicy).RequireRecentSignIn();
        org.MapGet("/provisioning", GetProvisioning.Handle).RequirePermission(Permissions.ProvisionMembers);
        org.MapDelete("/provisioning", EndProvisioning.Handle).RequirePermission(Permissions.ProvisionMembers);
        org.MapGet("/audit", ListAudit.Handle).RequirePermission(Permissions.ReadAudit);
    }
}
