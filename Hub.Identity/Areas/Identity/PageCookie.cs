using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>
/// Cookies of the pages: for this host alone, invisible to scripts, and only over https unless the issuer is this machine's own loopback address. Whether
/// the connection is https is said by the issuer, because a proxy in front may end TLS.
/// </summary>
internal sealed class PageCookie : CookieBuilder
{
    private bool _secure;

    public static PageCookie For(HubIdentityOptions options, string purpose)
    {
        var secure = options.Issuer.StartsWith("https:", StringComparison.Ordinal);
        return new()
        {
            _secure = secure,
            Name = (secure ? "__Host-" : "") + "codezero-" + purpose,
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Path = "/",
            IsEssential = true,
        };
    }

    public override CookieOptions Build(HttpContext context, DateTimeOffset expiresFrom)
    {
        var options = base.Build(context, expiresFrom);
        options.Secure = _secure;
        return options;
    }
}
