using System.Security.Cryptography;
using System.Text;
using CodeZero.DevCluster.Api;

namespace CodeZero.DevCluster.Auth;

/// <summary>Who a request comes from: the administrator's token, a service account's, one of another issuer, or nobody; and whom it impersonates.</summary>
internal sealed class Authenticator(string adminToken, ServiceAccountTokens tokens, JwtAuthenticator others, Rbac rbac)
{
    private static readonly User Admin = new("kubernetes-admin", "", [User.Masters, "system:authenticated"]);
    private readonly byte[] adminHash = SHA256.HashData(Encoding.UTF8.GetBytes(adminToken));

    /// <summary>A bad token is a 401, never anonymous.</summary>
    public async Task<User> AuthenticateAsync(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0)
            return User.Anonymous;
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            throw StatusException.Unauthorized();
        return await FromTokenAsync(header["Bearer ".Length..].Trim(), [], request.HttpContext.RequestAborted) ?? throw StatusException.Unauthorized();
    }

    /// <param name="audiences">Who asks; empty: this API server, for which alone tokens of other issuers are good.</param>
    public async Task<User?> FromTokenAsync(string token, IReadOnlyCollection<string> audiences, CancellationToken ct)
    {
        if (CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), adminHash))
            return Admin;
        if (audiences.Count == 0)
            audiences = [ServiceAccountTokens.DefaultAudience];
        return tokens.Validate(token, audiences) ?? (audiences.Contains(ServiceAccountTokens.DefaultAudience) ? await others.AuthenticateAsync(token, ct) : null);
    }

    /// <summary>Follows the Impersonate headers, each of which needs the right to impersonate (Kubernetes documentation, "User impersonation").</summary>
    public User Impersonate(HttpRequest request, User user)
    {
        var name = request.Headers["Impersonate-User"].FirstOrDefault();
        var groups = request.Headers["Impersonate-Group"].OfType<string>().ToArray();
        var uid = request.Headers["Impersonate-Uid"].FirstOrDefault();
        if (string.IsNullOrEmpty(name))
            return groups.Length == 0 && uid is null && !request.Headers.Keys.Any(k => k.StartsWith("Impersonate-Extra-", StringComparison.OrdinalIgnoreCase)) ? user
                : throw StatusException.BadRequest("requested groups, uid or extra without impersonating a user");
        if (request.Headers.Keys.FirstOrDefault(k => k.StartsWith("Impersonate-Extra-", StringComparison.OrdinalIgnoreCase)) is { } extra)
            Demand(user, new("impersonate", "authentication.k8s.io", "userextras", extra["Impersonate-Extra-".Length..].ToLowerInvariant()));
        if (uid is not null)
            Demand(user, new("impersonate", "authentication.k8s.io", "uids", Name: uid));
        foreach (var group in groups)
            Demand(user, new("impersonate", Resource: "groups", Name: group));

        if (name.Split(':') is ["system", "serviceaccount", var ns, var account])
        {
            Demand(user, new("impersonate", Resource: "serviceaccounts", Namespace: ns, Name: account));
            var implied = User.ServiceAccount(ns, account, uid ?? "");
            return groups.Length == 0 ? implied : implied with { Groups = WithAuthenticated(groups) };
        }
        Demand(user, new("impersonate", Resource: "users", Name: name));
        return new(name, uid ?? "", name == User.Anonymous.Name ? User.Anonymous.Groups : WithAuthenticated(groups));
    }

    private void Demand(User user, AccessRequest request)
    {
        if (!rbac.Allows(user, request))
            throw ApiPipeline.Denied(user, request);
    }

    private static string[] WithAuthenticated(string[] groups) => groups.Contains("system:unauthenticated") || groups.Contains("system:authenticated") ? groups : [.. groups, "system:authenticated"];
}
