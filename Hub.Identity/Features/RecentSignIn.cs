using System.Globalization;
using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// API calls that could take an account or an organization over: only with a token of a sign-in of the last minutes (<c>auth_time</c>, RFC 9068 §2.2.1) by the person's own factors, that still
/// stands: who signs out everywhere, or chooses another password, need not fear the minutes that an access token has left.
/// </summary>
internal static class RecentSignIn
{
    /// <summary>Refuses older sign-ins with 403 <c>reauthentication.required</c>; a token without <c>auth_time</c> is no sign-in at all.</summary>
    public static TBuilder RequireRecentSignIn<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilter<TBuilder, Filter>();

    /// <summary>Whether the request comes with such a sign-in: for what asks for one only of some, by <see cref="RecentProof"/>.</summary>
    public static RecentProof ProofOf(HttpContext http) => ct => IsRecentAsync(http, ct);

    /// <summary>The account's stamp at the sign-in that a token came of; null when it came of none.</summary>
    public static async Task<string?> FindStampAsync(ClaimsPrincipal user, IdentityDb db, CancellationToken ct) =>
        Guid.TryParse(user.FindFirstValue(TokenIssuer.GrantClaim), out var id) ? await db.Grants.Where(grant => grant.Id == id).Select(grant => grant.SecurityStamp).SingleOrDefaultAsync(ct) : null;

    public static ProblemHttpResult Refuse() => Problems.Create(StatusCodes.Status403Forbidden, "reauthentication.required",
        $"This needs a sign-in of the last {Reauthentication.Window.TotalMinutes:0} minutes, by your own password or passkey, because it decides who gets in. Sign in again, as with 'czctl login', and repeat it.");

    private static async Task<bool> IsRecentAsync(HttpContext http, CancellationToken ct)
    {
        var services = http.RequestServices;
        return IsRecent(http.User, services.GetRequiredService<TimeProvider>().GetUtcNow())
            && Guid.TryParse(http.User.FindFirstValue(TokenIssuer.GrantClaim), out var grant) && await services.GetRequiredService<IssuedTokens>().GrantStandsAsync(grant, ct);
    }

    private static bool IsRecent(ClaimsPrincipal user, DateTimeOffset now) =>
        long.TryParse(user.FindFirstValue("auth_time"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && !OrganizationRule.MethodsOf(user).Contains(OrganizationRule.Federated)
        && now.ToUnixTimeSeconds() - seconds <= Reauthentication.Window.TotalSeconds;

    private sealed class Filter : IEndpointFilter
    {
        public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
            await IsRecentAsync(context.HttpContext, context.HttpContext.RequestAborted) ? await next(context) : Refuse();
    }
}
