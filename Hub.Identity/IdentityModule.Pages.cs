using CodeZero.Hub.Identity.Areas.Identity;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity;

// The pages for browsers.
public static partial class IdentityModule
{
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
        services.AddAuthentication().AddCookie(FirstFactor.Scheme, cookie => cookie.SlidingExpiration = false);
        services.AddOptions<Microsoft.AspNetCore.Authentication.Cookies.CookieAuthenticationOptions>(FirstFactor.Scheme)
            .Configure<IOptions<HubIdentityOptions>>((cookie, options) => cookie.Cookie = PageCookie.For(options.Value, "first-factor"));
        services.AddOptions<CookieTempDataProviderOptions>().Configure<IOptions<HubIdentityOptions>>((notices, options) => notices.Cookie = PageCookie.For(options.Value, "notice"));
        services.AddOptions<AntiforgeryOptions>().Configure<IOptions<HubIdentityOptions>>((antiforgery, options) =>
        {
            antiforgery.Cookie = PageCookie.For(options.Value, "form");
            antiforgery.SuppressXFrameOptionsHeader = true; // the platform says DENY
        });
    }

    private static void MapPages(IEndpointRouteBuilder routes, HubIdentityOptions.AddressLimits limits)
    {
        PasskeyScript.Asset.Map(routes);
        routes.MapRazorPages().Add(page =>
        {
            if (page.Metadata.OfType<PageActionDescriptor>().SingleOrDefault() is not { AreaName: IdentityPage.Area } descriptor)
                return;
            AddressLimit? limit = descriptor.ViewEnginePath switch
            {
                "/SignIn" or "/SignInCode" or "/SsoCallback" or "/Reauthenticate" or "/Reset" => new("sign-in", limits.SignInsPerMinute),
                "/SignUp" or "/CompleteSignUp" or "/Forgot" => new("sign-up", limits.SignUpsPerMinute),
                "/Device" => new("device-code", limits.DeviceCodesPerMinute),
                "/Authorize" => new("authorize", limits.AuthorizationsPerMinute),
                _ => null,
            };
            if (limit is not null)
                page.Metadata.Add(limit);
            page.Metadata.Add(new OwnRepetition());
            page.Metadata.Add(new AllowAnonymousAttribute());
            page.Metadata.Add(new AnonymousReason("Pages are for browsers, whose session each page reads itself; they lead to the sign-in, and carry no token."));
        });
    }
}
