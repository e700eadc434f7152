using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// POST /connect/revocation (RFC 7009): ends a token of the calling client, with its whole family. What is no token of this client, or none any more, is answered
/// alike, with 200: nothing is left to be done (§2.2), and nothing is told.
/// </summary>
internal static class Revocation
{
    internal sealed class Endpoint(ClientAuthentication clients, IdentityDb db, TokenFamilies families, IssuedTokens issued)
    {
        public async Task<IResult> HandleAsync(HttpContext context, CancellationToken ct)
        {
            var (form, malformed) = await FormBody.ReadAsync(context.Request, ct);
            if (form is null)
                return OAuthAnswer.Refuse(malformed!, context.Request);
            var (client, unauthenticated) = await clients.AuthenticateAsync(context.Request, form, ct);
            if (client is null)
                return OAuthAnswer.Refuse(unauthenticated!, context.Request);
            if (form["token"] is not { } token)
                return OAuthAnswer.Refuse(OAuthError.InvalidRequest("token is missing."), context.Request);
            if (token.Length == Secrets.Length)
                await EndRefreshTokenAsync(token, client, ct);
            else if (await issued.ReadAsync(token, ct) is { } access && IssuedTokens.ClientIdOf(access) == client.Id)
                await (IssuedTokens.GrantOf(access) is { } grant ? families.RevokeAsync(grant, "its client gave an access token back", ct) : issued.EndAsync(access, ct));
            return OAuthAnswer.Empty;
        }

        private async Task EndRefreshTokenAsync(string token, Client client, CancellationToken ct)
        {
            var hash = Secrets.Hash(token);
            var grant = await db.RefreshTokens.Where(row => row.Hash == hash).Join(db.Grants, row => row.GrantId, grant => grant.Id, (_, grant) => new { grant.Id, grant.ClientId }).SingleOrDefaultAsync(ct);
            if (grant?.ClientId == client.Id)
                await families.RevokeAsync(grant.Id, "its client gave a refresh token back", ct);
        }
    }
}
