using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// Tokens for workloads: the token of a cluster's service account, which the client's organization registered, is the client's authentication and becomes an access token of the
/// client's own. What counts is issuer, subject and audience together, by the keys that were registered with them.
/// </summary>
internal sealed partial class WorkloadTokens(IdentityDb db, ClientTokens tokens, Tenant tenant, TimeProvider clock, ILogger<WorkloadTokens> log)
{
    private static OAuthError NotKnown { get; } = OAuthError.InvalidRequest("The subject_token is of no service account that is registered for this client: its issuer, subject, audience and key must be those registered, and its aud must name one audience.");

    /// <param name="subject">The service account's token.</param>
    public async Task<(TokenResponse?, OAuthError?)> IssueAsync(TokenRequest request, string subject, CancellationToken ct)
    {
        if (request.Form["requested_token_type"] is not (null or TokenTypes.AccessToken))
            return (null, OAuthError.InvalidRequest($"requested_token_type is {TokenTypes.AccessToken}, or left out."));
        if (request.Form["audience"] is not null)
            return (null, OAuthError.InvalidTarget("Name what the token is for as a resource (RFC 8707), and leave audience out."));
        if (CompactJws.TryParse(subject) is not { } token || await FindAsync(request.Client, token, ct) is not { } workload || !ServiceAccountToken.IsSigned(token, JwkSet.Read(workload.Keys)))
            return (null, NotKnown);
        if (ServiceAccountToken.FindTimeFault(token, clock.GetUtcNow()) is { } fault)
            return (null, OAuthError.InvalidRequest(fault));
        var (response, error) = await tokens.IssueAsync(request, ct);
        if (response is null)
            return (null, error);
        Issued(log, workload.Subject, workload.Issuer, request.Client.Id);
        return (response with { IssuedTokenType = TokenTypes.AccessToken }, null);
    }

    private async Task<Workload?> FindAsync(Client client, CompactJws token, CancellationToken ct)
    {
        if (RegisteredClientId.TryParse(client.Id) is not { } id || ServiceAccountToken.ReadClaimed(token) is not var (issuer, subject, audience))
            return null;
        tenant.Enter(id.OrganizationId);
        return await db.InTransactionAsync(() => db.Workloads.AsNoTracking()
            .SingleOrDefaultAsync(workload => workload.ClientId == id.Id && workload.Issuer == issuer && workload.Subject == subject && workload.Audience == audience, ct), ct);
    }

    [LoggerMessage(1013, LogLevel.Information, "Service account {Subject} of {Issuer} got an access token as client {ClientId}")]
    private static partial void Issued(ILogger log, string subject, string issuer, string clientId);
}
