using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/sso: members sign in by themselves again. What the provider signed in ends at once; members stay.</summary>
public static class RemoveSso
{
    [EndpointSummary("Remove the organization's sign-in provider")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(SsoProviders providers, CancellationToken ct)
    {
        if (await providers.FindAndLockAsync(ct) is not { } provider)
            return Problems.NotFound();
        await providers.RemoveAsync(provider, ct);
        return TypedResults.NoContent();
    }
}
