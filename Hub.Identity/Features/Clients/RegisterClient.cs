using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs/{org}/clients: registers an application of the organization, which may then send people here to sign in, or act for itself.</summary>
public static class RegisterClient
{
    /// <param name="SecretDays">How long a secret works. Default 365.</param>
    public sealed record Request([Required] ClientSettings Client, [Range(1, ClientRegistrations.MaxSecretDays)] int? SecretDays);

    /// <param name="Secret">Of <c>client_secret_basic</c>. Shown this once: keep it where it is used.</param>
    public sealed record Response(ClientResource Client, string? Secret);

    [EndpointSummary("Register a client")]
    internal static async Task<Results<Created<Response>, ValidationProblem, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Caller caller, ClientRegistrations clients, IOptions<HubIdentityOptions> options, CancellationToken ct)
    {
        var (settings, faults) = ClientRules.Check(request.Client, options.Value.Issuer, caller.Organization);
        if (settings is null)
            return TypedResults.ValidationProblem(faults.ToDictionary(fault => $"client.{fault.Key}", fault => fault.Value));
        if (await clients.RegisterAsync(settings, request.SecretDays ?? ClientRegistrations.DefaultSecretDays, caller.Id, ct) is not var (client, secret))
            return ClientProblems.TooMany;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ETag = ETags.OfVersion(client.Version);
        var resource = ClientResource.Of(client, await clients.SecretsOfAsync(client, ct));
        return TypedResults.Created($"/v1/orgs/{caller.OrganizationSlug}/clients/{client.Id}", new Response(resource, secret));
    }
}
