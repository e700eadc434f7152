using CodeZero.Hub.Platform.Security;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>DPoP proofs at the provider's own endpoints, where there is no access token yet (RFC 9449 §5).</summary>
internal static class RequestProofs
{
    /// <summary>The key of the request's proof; neither key nor error when it has none.</summary>
    public static async Task<(string? Thumbprint, OAuthError? Error)> ReadThumbprintAsync(this DpopProofs proofs, HttpContext context, CancellationToken ct)
    {
        if (context.Request.Headers["DPoP"].Count == 0)
            return (null, null);
        var decision = await proofs.AcceptAsync(context, accessToken: null, boundKey: null, ct);
        return decision.Proof is { } proof ? (proof.Thumbprint, null) : (null, new(decision.Error!, decision.Description!));
    }
}
