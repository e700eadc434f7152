using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Areas.Identity;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Identity.Jobs;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity;

/// <summary>
/// Accounts, organizations, and the OpenID Connect provider. Other parts of the Hub believe its tokens by discovery alone, and ask for organizations by
/// <see cref="IOrganizations"/>; it asks every registered <see cref="IMachineClients"/> for machines.
/// </summary>
public static class IdentityModule
{
    /// <summary>The module's name in <c>Hub:Modules</c>.</summary>
    public const string Name = "Identity";

    /// <summary>Registers the module's services. Options: <see cref="HubIdentityOptions"/>.</summary>
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidation();
        services.AddSingleton<IValidateOptions<HubIdentityOptions>, ValidateHubIdentityOptions>();
        services.AddOptions<HubIdentityOptions>().Bind(configuration.GetSection(HubIdentityOptions.Section)).ValidateOnStart();
        services.AddModuleDb<IdentityDb>(IdentityDb.Schema);
        AddAccounts(services);
        AddProvider(services);
        AddPages(services);
        return services;
    }

    /// <summary>Maps the module's routes and pages.</summary>
    public static IEndpointRouteBuilder MapIdentity(this IEndpointRouteBuilder routes)
    {
        var limits = routes.ServiceProvider.GetRequiredService<IOptions<HubIdentityOptions>>().Value.Limits;
        MapProvider(routes, limits);
        MapApi(routes.MapGroup("/v1").WithTags("Identity"), limits);
        routes.MapGet(Stylesheet.Path, Stylesheet.Serve).ExcludeFromDescription().AllowAnonymousBecause("The sign-in page needs its style before anybody is signed in.");
        routes.MapRazorPages().Add(page =>
        {
            if (page.Metadata.OfType<PageActionDescriptor>().SingleOrDefault() is not { AreaName: IdentityPage.Area } descriptor)
                return;
            AddressLimit? limit = descriptor.ViewEnginePath switch
            {
                "/SignIn" => new("sign-in", limits.SignInsPerMinute),
                "/SignUp" => new("sign-up", limits.SignUpsPerMinute),
                "/Authorize" => new("authorize", limits.AuthorizationsPerMinute),
                _ => null,
            };
            if (limit is not null)
                page.Metadata.Add(limit);
            page.Metadata.Add(new OwnRepetition());
            page.Metadata.Add(new AllowAnonymousAttribute());
            page.Metadata.Add(new AnonymousReason("Pages are for browsers, whose session each page reads itself; they lead to the sign-in, and carry no token."));
        });
        return routes;
    }

    private static void AddAccounts(IServiceCollection services)
    {
        services.AddIdentityCore<Person>().AddEntityFrameworkStores<IdentityDb>();
        services.RemoveAll<IPasswordValidator<Person>>();
        services.AddScoped<IPasswordValidator<Person>, PasswordRules>();
        services.AddOptions<IdentityOptions>().Configure<IOptions<HubIdentityOptions>>((identity, options) =>
        {
            identity.Stores.SchemaVersion = IdentitySchemaVersions.Version3; // the one with passkeys
            identity.User.RequireUniqueEmail = true;
            identity.User.AllowedUserNameCharacters = ""; // the name is the e-mail address, which has rules of its own
            identity.Lockout.MaxFailedAccessAttempts = options.Value.Lockout.Attempts;
            identity.Lockout.DefaultLockoutTimeSpan = options.Value.Lockout.Duration;
        });
        services.AddSingleton<Accounts>().AddScoped<Sessions>().AddScoped<SessionCookieEvents>();
        services.AddScoped<Organizations>().AddScoped<IOrganizations>(provider => provider.GetRequiredService<Organizations>());
    }

    private static void AddProvider(IServiceCollection services)
    {
        services.AddSingleton<ClientRegistry>().AddSingleton<SigningKeys>().AddSingleton<TokenIssuer>().AddSingleton<IdTokenHints>();
        services.AddScoped<Authorizations>().AddScoped<TokenGrants>().AddScoped<MachineGrants>().AddScoped<Token.Endpoint>();
        services.AddHubJob<RotateSigningKeys>(RotateSigningKeys.Name, RotateSigningKeys.Cron).AddHubJob<PurgeExpired>(PurgeExpired.Name, PurgeExpired.Cron);
    }

    private static void AddPages(IServiceCollection services)
    {
        services.AddRazorPages(options => options.Conventions.AddAreaFolderApplicationModelConvention(IdentityPage.Area, "/", page => page.Filters.Add(new IdentityPageFilter())))
            .ConfigureApplicationPartManager(parts =>
            {
                var assembly = typeof(IdentityModule).Assembly;
                foreach (var part in ApplicationPartFactory.GetApplicationPartFactory(assembly).GetApplicationParts(assembly))
                    if (!parts.ApplicationParts.Any(known => known.GetType() == part.GetType() && known.Name == part.Name))
                        parts.ApplicationParts.Add(part);
            });
        services.AddAuthentication().AddCookie(Sessions.Scheme, cookie =>
        {
            cookie.EventsType = typeof(SessionCookieEvents);
            cookie.SlidingExpiration = false;
        });
        services.AddOptions<Microsoft.AspNetCore.Authentication.Cookies.CookieAuthenticationOptions>(Sessions.Scheme)
            .Configure<IOptions<HubIdentityOptions>>((cookie, options) => cookie.Cookie = PageCookie.For(options.Value, "session"));
        services.AddOptions<AntiforgeryOptions>().Configure<IOptions<HubIdentityOptions>>((antiforgery, options) =>
        {
            antiforgery.Cookie = PageCookie.For(options.Value, "form");
            antiforgery.SuppressXFrameOptionsHeader = true; // the platform says DENY
        });
    }

    private static void MapProvider(IEndpointRouteBuilder routes, HubIdentityOptions.AddressLimits limits)
    {
        const string isPublic = "Relying parties read it before they have any token (OpenID Connect Discovery §4).";
        foreach (var path in new[] { "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server" })
            routes.MapGet(path, Discovery.Document).ExcludeFromDescription().AllowAnonymousBecause(isPublic);
        routes.MapGet("/connect/jwks", Discovery.Keys).ExcludeFromDescription().AllowAnonymousBecause(isPublic);
        routes.MapPost("/connect/token", (HttpContext context, Token.Endpoint endpoint, CancellationToken ct) => endpoint.HandleAsync(context, ct))
            .ExcludeFromDescription().WithAddressLimit("token", limits.TokenRequestsPerMinute).WithMetadata(new OwnRepetition()).AllowAnonymousBecause("Clients authenticate in the request itself (RFC 6749 §3.2.1).");
    }

    private static void MapApi(RouteGroupBuilder v1, HubIdentityOptions.AddressLimits limits)
    {
        v1.MapPost("/signup", SignUp.Handle).WithAddressLimit("sign-up", limits.SignUpsPerMinute).AllowAnonymousBecause("Who signs up has no account yet.");
        v1.MapGet("/me", GetMe.Handle).RequireAuthorization();
        v1.MapGet("/orgs", ListOrganizations.Handle).RequireAuthorization();
        v1.MapPost("/orgs", CreateOrganization.Handle).RequireAuthorization();
        v1.MapGet("/orgs/{org}", GetOrganization.Handle).RequireOrganizationRole(OrganizationRole.Viewer).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        v1.MapGet("/orgs/{org}/members", ListMembers.Handle).RequireOrganizationRole(OrganizationRole.Viewer).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
    }
}
