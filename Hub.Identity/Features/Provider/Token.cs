using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Security;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /connect/token: the token endpoint (RFC 6749 §3.2).</summary>
internal static class Token
{
    internal sealed class Endpoint(ClientAuthentication clients, TokenGrants grants, SigningKeys keys, DpopProofs proofs)
    {
        public async Task<IResult> HandleAsync(HttpContext context, CancellationToken ct)
        {
            var (response, error) = await IssueAsync(context, ct);
            return response is null ? OAuthAnswer.Refuse(error!, context.Request) : OAuthAnswer.Of(response);
        }

        private async Task<(TokenResponse?, OAuthError?)> IssueAsync(HttpContext context, CancellationToken ct)
        {
            var (form, malformed) = await FormBody.ReadAsync(context.Request, ct);
            if (form is null)
                return (null, malformed);
            if (form["grant_type"] is not { } grantType)
                return (null, OAuthError.InvalidRequest("grant_type is missing."));
            if (grants.Find(grantType, context.RequestServices) is not { } grant)
                return (null, new("unsupported_grant_type", "The grant_type must be one of those in the discovery document."));
            var (client, unauthenticated) = await clients.AuthenticateAsync(context.Request, form, ct, grant.Authenticates(form) ? grantType : null);
            if (client is null)
                return (null, unauthenticated);
            if (!client.Grants.Contains(grantType))
                return (null, OAuthError.UnauthorizedClient("This client may not use this grant_type."));
            var (thumbprint, unproven) = await ReadProofAsync(context, client, ct);
            if (unproven is not null)
                return (null, unproven);
            await keys.PrepareAsync(ct);
            return await grant.IssueAsync(new(client, form, thumbprint), ct);
        }

        private async Task<(string? Thumbprint, OAuthError? Error)> ReadProofAsync(HttpContext context, Client client, CancellationToken ct)
        {
            var (thumbprint, error) = await proofs.ReadThumbprintAsync(context, ct);
            return thumbprint is null && error is null && client.RequireDpop ? (null, new(DpopError.InvalidProof, "This client has to send a DPoP proof (RFC 9449 section 5).")) : (thumbprint, error);
        }
    }
}
