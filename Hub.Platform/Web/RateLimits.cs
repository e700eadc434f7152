using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Claims;
using System.Threading.RateLimiting;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Web;

/// <summary>The section <c>Hub:RateLimits</c>: requests per minute, counted by each replica for itself, all usable at once (token bucket).</summary>
public sealed class RateLimitOptions
{
    public const string Section = "Hub:RateLimits";

    /// <summary>Per network address (IPv6: per /64), signed in or not. Default 3000.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Hub:RateLimits:AddressPerMinute must be 1 to 1000000.")]
    public int AddressPerMinute { get; set; } = 3000;

    /// <summary>Per person, agent or API key. Default 1200.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Hub:RateLimits:CallerPerMinute must be 1 to 1000000.")]
    public int CallerPerMinute { get; set; } = 1200;

    /// <summary>Per organization, all its members and agents together. Default 6000.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Hub:RateLimits:OrganizationPerMinute must be 1 to 1000000.")]
    public int OrganizationPerMinute { get; set; } = 6000;
}

/// <summary>A tighter limit on one endpoint, per network address.</summary>
/// <param name="Name">Endpoints with the same name share the limit.</param>
public sealed record AddressLimit(string Name, int PerMinute);

/// <summary>Limits on requests: 429 with <c>Retry-After</c>; every answer says by <c>RateLimit-Limit</c>, <c>-Remaining</c> and <c>-Reset</c> (seconds) how much is left of the tightest.</summary>
public static class RateLimits
{
    /// <summary>Guards an endpoint that can be used to guess: sign-in, tokens, codes.</summary>
    public static TBuilder WithAddressLimit<TBuilder>(this TBuilder builder, string name, int perMinute) where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new AddressLimit(name, perMinute));

    internal static void AddRateLimits(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidatedOptions<RateLimitOptions>(configuration, RateLimitOptions.Section);
        services.AddSingleton<RequestLimiter>();
    }

    /// <summary>By address, before anything is spent on finding out who it is.</summary>
    internal static void UseAddressLimits(this WebApplication app)
    {
        var limiter = app.Services.GetRequiredService<RequestLimiter>();
        app.Use((context, next) => HttpBoundary.IsHealth(context.Request.Path) || limiter.TryTake(context, LimitsOfAddress(context, limiter.Options)) is not { } refusal
            ? next(context)
            : refusal.ExecuteAsync(context));
    }

    /// <summary>By caller and organization, once both are known.</summary>
    internal static void UseCallerLimits(this WebApplication app)
    {
        var limiter = app.Services.GetRequiredService<RequestLimiter>();
        app.Use((context, next) => limiter.TryTake(context, LimitsOfCaller(context, limiter.Options)) is not { } refusal ? next(context) : refusal.ExecuteAsync(context));
    }

    private static IEnumerable<Limit> LimitsOfAddress(HttpContext context, RateLimitOptions options)
    {
        var address = NetworkOf(context);
        yield return new("address", address, options.AddressPerMinute);
        if (context.GetEndpoint()?.Metadata.GetMetadata<AddressLimit>() is { } tighter)
            yield return new(tighter.Name, address, tighter.PerMinute);
    }

    private static IEnumerable<Limit> LimitsOfCaller(HttpContext context, RateLimitOptions options)
    {
        if (context.User.FindFirstValue("sub") is { } caller)
            yield return new("caller", caller, options.CallerPerMinute);
        if (context.RequestServices.GetRequiredService<Tenant>().OrganizationId is { } organization)
            yield return new("organization", organization.ToString(), options.OrganizationPerMinute);
    }

    /// <summary>The network a request comes from, as limits count it: the address; of IPv6 the /64, which one household has.</summary>
    public static string NetworkOf(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "none",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } address => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        var address => address.ToString(),
    };
}

internal readonly record struct Limit(string Kind, string Key, int PerMinute);

internal sealed class RequestLimiter : IDisposable
{
    private readonly PartitionedRateLimiter<Limit> _limiter = PartitionedRateLimiter.Create<Limit, Limit>(limit => RateLimitPartition.GetTokenBucketLimiter(limit, Bucket));

    public RequestLimiter(IOptions<RateLimitOptions> options) => Options = options.Value;

    internal RateLimitOptions Options { get; }

    /// <summary>Takes one request from each limit; the refusal when one is used up.</summary>
    internal IResult? TryTake(HttpContext context, IEnumerable<Limit> limits)
    {
        foreach (var limit in limits)
        {
            using var lease = _limiter.AttemptAcquire(limit);
            Describe(context.Response.Headers, limit, _limiter.GetStatistics(limit)?.CurrentAvailablePermits ?? 0);
            if (lease.IsAcquired)
                continue;
            var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
            var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            context.Response.Headers.RetryAfter = seconds;
            return Problems.Create(StatusCodes.Status429TooManyRequests, "rate_limited", $"Too many requests: at most {limit.PerMinute} a minute per {limit.Kind}. Wait {seconds} s.");
        }
        return null;
    }

    public void Dispose() => _limiter.Dispose();

    private static void Describe(IHeaderDictionary headers, Limit limit, long remaining)
    {
        if (long.TryParse(headers["RateLimit-Remaining"], CultureInfo.InvariantCulture, out var tightest) && tightest <= remaining)
            return;
        headers["RateLimit-Limit"] = limit.PerMinute.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Remaining"] = remaining.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Reset"] = Math.Ceiling((limit.PerMinute - remaining) * 60.0 / limit.PerMinute).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>A bucket as large as a minute's requests, filled each second, or as slowly as whole requests come.</summary>
    private static TokenBucketRateLimiterOptions Bucket(Limit limit) => new()
    {
        TokenLimit = limit.PerMinute,
        TokensPerPeriod = Math.Max(1, limit.PerMinute / 60),
        ReplenishmentPeriod = TimeSpan.FromSeconds(60.0 / limit.PerMinute * Math.Max(1, limit.PerMinute / 60)),
        QueueLimit = 0,
        AutoReplenishment = false, // the partitioned limiter does it for all with one timer
    };
}
