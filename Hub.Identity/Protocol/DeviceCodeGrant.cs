using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// Redeems a device code (RFC 8628 §3.4). Polls of one code wait for each other, so that each counts and of any number at once one wins. The first that finds it allowed uses
/// the code up, whatever comes of it; any further one ends the whole family.
/// </summary>
internal sealed class DeviceCodeGrant(IdentityDb db, PersonTokens tokens, TokenFamilies families, TimeProvider clock, IOptions<HubIdentityOptions> options) : ITokenGrant
{
    public Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(TokenRequest request, CancellationToken ct) => request.Form["device_code"] is { } deviceCode
        ? db.InTransactionAsync(() => PollAsync(request, deviceCode, ct), ct)
        : Task.FromResult<(TokenResponse?, OAuthError?)>((null, OAuthError.InvalidRequest("device_code is missing.")));

    private async Task<(TokenResponse?, OAuthError?)> PollAsync(TokenRequest request, string deviceCode, CancellationToken ct)
    {
        var (hash, clientId) = (Secrets.Hash(deviceCode), request.Client.Id);
        var device = await db.DeviceAuthorizations.FromSql($"select * from identity.device_authorizations where hash = {hash} and client_id = {clientId} for update").SingleOrDefaultAsync(ct);
        if (device is null)
            return (null, OAuthError.InvalidGrant("The device code is not known."));
        var now = clock.GetUtcNow();
        switch (DevicePoll.Decide(device, request.ProofThumbprint, now))
        {
            case DevicePoll.Refuse refused:
                return (null, refused.Error);
            case DevicePoll.RevokeFamily reused:
                await families.RevokeAsync(reused.GrantId, "a device code was used again", ct);
                return (null, OAuthError.InvalidGrant("The device code was used before. All that came of it is revoked."));
            case DevicePoll.Wait:
                device.Poll(now);
                await db.SaveChangesAsync(ct);
                return (null, new("authorization_pending", "Nobody has allowed it yet. Ask again after the interval."));
            case DevicePoll.SlowDown:
                device.SlowDown(now);
                await db.SaveChangesAsync(ct);
                return (null, new("slow_down", $"That was too early: from now on wait for {device.IntervalSeconds} s between two requests."));
            case DevicePoll.Redeem redeemed:
                device.Redeem(now);
                await db.SaveChangesAsync(ct);
                return await RedeemAsync(request, redeemed.GrantId, now, ct);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<(TokenResponse?, OAuthError?)> RedeemAsync(TokenRequest request, Guid grantId, DateTimeOffset now, CancellationToken ct)
    {
        var grant = await db.Grants.SingleAsync(g => g.Id == grantId, ct);
        if ((await tokens.ReadStateAsync(grant, request.Client, ct)).FindErrorAtFirst(grant, now) is { } error)
            return (null, error);
        var (audience, target) = Resources.Choose(request.Form.Resources, grant, options.Value.Issuer);
        return audience is null ? (null, target) : (await tokens.BeginAsync(grant, audience, request, nonce: null, ct), null);
    }
}
