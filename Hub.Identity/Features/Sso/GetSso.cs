using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/sso: through which provider members sign in; 404 when through none.</summary>
public static class GetSso
{
    [EndpointSummary("Get the organization's sign-in provider")]
    internal static async Task<Results<Ok<SsoResource>, ProblemHttpResult>> Handle(HttpResponse response, SsoProviders providers, IOptions<HubIdentityOptions> options, CancellationToken ct)
    {
        if (await providers.FindAsync(ct) is not { } provider)
            return Problems.NotFound();
        var (enforced, breakGlass) = await providers.ReadEnforcementAsync(ct);
        response.Headers.ETag = ETags.OfVersion(provider.RowVersion);
        return TypedResults.Ok(SsoResource.Of(provider, enforced, breakGlass, options.Value.Issuer));
    }
}
