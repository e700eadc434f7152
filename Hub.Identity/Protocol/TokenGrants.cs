using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>The grants that the token endpoint serves. Of a request's grant alone the services are made: most need the database, and the most frequent one does not.</summary>
internal sealed class TokenGrants(IEnumerable<TokenGrants.Served> served)
{
    private readonly FrozenDictionary<string, Type> _byName = served.ToFrozenDictionary(grant => grant.GrantType, grant => grant.Implementation, StringComparer.Ordinal);

    /// <param name="GrantType">One of <see cref="GrantTypes"/>.</param>
    internal sealed record Served(string GrantType, Type Implementation);

    /// <summary>The values of <c>grant_type</c> that are served.</summary>
    public IReadOnlyList<string> Names { get; } = [.. served.Select(grant => grant.GrantType)];

    /// <summary>The grant; null when it is not served.</summary>
    /// <param name="services">Of the request.</param>
    public ITokenGrant? Find(string grantType, IServiceProvider services) =>
        _byName.TryGetValue(grantType, out var implementation) ? (ITokenGrant)services.GetRequiredService(implementation) : null;
}

internal static class TokenGrantRegistration
{
    /// <summary>Serves a grant under this name.</summary>
    public static IServiceCollection AddTokenGrant<TGrant>(this IServiceCollection services, string grantType) where TGrant : class, ITokenGrant =>
        services.AddScoped<TGrant>().AddSingleton(new TokenGrants.Served(grantType, typeof(TGrant)));
}
