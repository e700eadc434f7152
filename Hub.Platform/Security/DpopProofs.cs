using CodeZero.Hub.Platform.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Security;

/// <summary>DPoP proofs of requests: the rules of <see cref="DpopRules"/>, and each proof good once (RFC 9449 §11.1).</summary>
public sealed class DpopProofs(IOptions<HubOptions> hub, ReplayCache replays, TimeProvider clock)
{
    /// <summary>Decides on the request's proof and uses it up; asked again by another authentication scheme of the same request, it gives the same answer.</summary>
    /// <param name="accessToken">The access token it comes with; null at the token endpoint, and where there is none.</param>
    /// <param name="boundKey">The thumbprint the token is bound to; null where any key will do.</param>
    public async Task<DpopDecision> AcceptAsync(HttpContext context, string? accessToken, string? boundKey, CancellationToken ct)
    {
        if (context.Features.Get<Decided>() is { } decided && decided.AccessToken == accessToken && decided.BoundKey == boundKey)
            return decided.Decision;
        var decision = await DecideAsync(context, accessToken, boundKey, ct);
        context.Features.Set(new Decided(accessToken, boundKey, decision));
        return decision;
    }

    private async Task<DpopDecision> DecideAsync(HttpContext context, string? accessToken, string? boundKey, CancellationToken ct)
    {
        var request = context.Request;
        // Put together as text: resolved as a reference, a path that begins with two slashes would be another host's address.
        var address = new Uri(hub.Value.PublicUrl!.GetLeftPart(UriPartial.Authority) + RequestedPath(context));
        var decision = DpopRules.Check(request.Headers["DPoP"], request.Method, address, accessToken, boundKey, clock.GetUtcNow());
        if (decision.Proof is not { } proof)
            return decision;
        var fresh = await replays.TryUseAsync("dpop", $"{proof.Thumbprint}.{proof.Jti}", proof.IssuedAt + DpopRules.MaxAge + DpopRules.MaxAhead, ct);
        return fresh ? decision : DpopDecision.Refused("This proof was used before. Make a proof for each request.");
    }

    /// <summary>The path as the client wrote it: <c>sha256%3A…</c> and <c>sha256:…</c> name one route, but the client signed one spelling.</summary>
    private static string RequestedPath(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.StartsWith('/') ? target.Split('?')[0] : context.Request.PathBase.Add(context.Request.Path).ToUriComponent();
    }

    private sealed record Decided(string? AccessToken, string? BoundKey, DpopDecision Decision);
}
