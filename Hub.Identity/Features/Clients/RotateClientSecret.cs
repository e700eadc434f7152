using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs/{org}/clients/{client}/secrets: a new secret. Those before work on for a while, so that the client can change over.</summary>
public static class RotateClientSecret
{
    /// <param name="Days">How long the new one works. Default 365.</param>
    /// <param name="OverlapHours">How long those before still work; 0 ends them at once, as after a leak. Default 24.</param>
    public sealed record Request([Range(1, ClientRegistrations.MaxSecretDays)] int? Days, [Range(0, ClientRegistrations.MaxOverlapHours)] int? OverlapHours);

    /// <param name="Secret">Shown this once: keep it where it is used.</param>
    public sealed record Response(string ClientId, string Secret, DateTimeOffset ExpiresAt);

    [EndpointSummary("Make a new secret for a client")]
    internal static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(Guid client, Request request, HttpContext http, IdentityDb db, ClientRegistrations clients, CancellationToken ct)
    {
        if (await db.Clients.SingleOrDefaultAsync(row => row.Id == client, ct) is not { } found)
            return Problems.NotFound();
        if (found.AuthenticationMethod != ClientAuthenticationMethods.SecretBasic)
            return ClientProblems.HasNoSecret;
        var overlap = TimeSpan.FromHours(request.OverlapHours ?? ClientRegistrations.DefaultOverlapHours);
        var (kept, secret) = await clients.RotateSecretAsync(found, request.Days ?? ClientRegistrations.DefaultSecretDays, overlap, ct);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new Response(found.ClientId.ToString(), secret, kept.ExpiresAt));
    }
}
