using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/sso/diagnosis: asks the provider for its discovery document and keys now, and says what is wrong with the first thing that is.</summary>
public static class DiagnoseSso
{
    /// <param name="Works">Whether nothing is wrong, as far as can be told without somebody signing in.</param>
    /// <param name="Steps">In the order in which they were looked at, up to the first that is wrong.</param>
    public sealed record Response(bool Works, IReadOnlyList<Item> Steps);

    /// <param name="Fault">What is wrong, and what to do; null when nothing is.</param>
    public sealed record Item(SsoStep Name, string? Fault);

    [EndpointSummary("Try the organization's sign-in provider")]
    internal static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(IdentityDb db, SsoProviders providers, SsoDirectory directory, CancellationToken ct) =>
        await db.InTransactionAsync(() => providers.FindAsync(ct), ct) is { } provider ? TypedResults.Ok(await DiagnoseAsync(provider.Issuer, directory, ct)) : Problems.NotFound();

    internal static async Task<Response> DiagnoseAsync(string issuer, SsoDirectory directory, CancellationToken ct)
    {
        var (_, fault) = await directory.ReadAsync(issuer, ct);
        return new(fault is null, [.. Enum.GetValues<SsoStep>().TakeWhile(step => fault is null || step <= fault.Step).Select(step => new Item(step, step == fault?.Step ? fault.Reason : null))]);
    }
}
