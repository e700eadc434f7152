using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Hosting;

/// <summary>The outermost layer: what Kestrel accepts, which host names are ours, which proxies are believed, and the headers every answer carries.</summary>
internal static class HttpBoundary
{
    /// <summary>The largest request body, unless an endpoint names its own by <c>RequestSizeLimit</c> metadata.</summary>
    private const long MaxRequestBodyBytes = 1 << 20;

    internal static void AddHttpBoundary(this IServiceCollection services)
    {
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodyBytes;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<HubOptions>>((forwarded, hub) =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            forwarded.KnownIPNetworks.Clear();
            forwarded.KnownProxies.Clear();
            foreach (var network in hub.Value.TrustedProxies)
                forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        });
    }

    internal static void UseHttpBoundary(this WebApplication app)
    {
        var hub = app.Services.GetRequiredService<IOptions<HubOptions>>().Value;
        if (hub.TrustedProxies.Count > 0)
            app.UseForwardedHeaders();
        var https = hub.PublicUrl!.Scheme == Uri.UriSchemeHttps;
        app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                SetDefaults(context.Response.Headers, https);
                return Task.CompletedTask;
            });
            return next(context);
        });
        var hosts = HostNames(hub, app.Services.GetRequiredService<IOptions<AccessTokenOptions>>().Value);
        // A kubelet probes by the pod's address, which is no host name of ours. (The framework's own filter knows no exceptions.)
        app.Use((context, next) => hosts.Contains(context.Request.Host.Host) || IsHealth(context.Request.Path)
            ? next(context)
            : Problems.BadRequest("host.unknown", "This Hub is not known by that host name. Use the address in Hub:PublicUrl.").ExecuteAsync(context));
    }

    private static HashSet<string> HostNames(HubOptions hub, AccessTokenOptions tokens)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { hub.PublicUrl!.Host };
        if (tokens.MetadataAddress is { } internalAddress)
            names.Add(internalAddress.Host);
        return names;
    }

    internal static bool IsHealth(PathString path) => path == "/healthz" || path == "/readyz";

    /// <summary>The strictest values; an endpoint that needs others (a page's own Content-Security-Policy, a cacheable version) has set them already.</summary>
    private static void SetDefaults(IHeaderDictionary headers, bool https)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.TryAdd("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        headers.TryAdd("Referrer-Policy", "no-referrer");
        headers.TryAdd("Cross-Origin-Resource-Policy", "same-origin");
        headers.TryAdd("Cache-Control", "private, no-cache");
        if (https)
            headers.TryAdd("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    }
}
