using System.ComponentModel.DataAnnotations;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>POST /v1/orgs/{org}/clusters/{cluster}/installs: wants an application on a cluster. The same request again gives the same install.</summary>
internal sealed partial class RequestInstall(ClustersDb db, InstallContents contents, StatePublisher states, Caller caller, IAuditLog audit, TimeProvider clock, ILogger<Install> log)
{
    [EndpointSummary("Install an application on a cluster")]
    internal static Task<Results<Created<InstallResource>, Ok<InstallResource>, ProblemHttpResult>> Handle(
        string cluster, InstallRequest request, RequestInstall install, HttpResponse response, CancellationToken ct) => install.RunAsync(cluster, request, response, ct);

    private async Task<Results<Created<InstallResource>, Ok<InstallResource>, ProblemHttpResult>> RunAsync(string clusterName, InstallRequest request, HttpResponse response, CancellationToken ct)
    {
        if (!InstallName.FitsOneLabel(request.Name, request.Namespace))
            return Problems.Unprocessable("install.name_too_long", $"{request.Name}--{request.Namespace} becomes one DNS label, which has at most 63 characters. Choose a shorter name or namespace.");
        if (request is { Inputs: not null, Id: null })
            return Problems.BadRequest("install.id_missing", "Inputs are sealed to one install. Choose its id (a UUIDv7), seal the inputs to it, and send both.");
        var app = request.App.Split('/');
        var (resolved, unknown) = await contents.ResolveAsync(app[0], app[1], request.Version, request.Edition, installed: null, ct);

        await db.Database.BeginTransactionAsync(ct);
        if (await db.LockClusterAsync(clusterName, ct) is not { } cluster)
            return Problems.NotFound();

        var (inputs, refused) = await contents.KeepInputsAsync(request.Inputs, ct);
        if (refused is not null)
            return refused;
        if (resolved is null)
            return unknown!;
        await contents.KeepAsync(resolved, ct);
        var content = resolved.Content with { Inputs = inputs };

        var now = clock.GetUtcNow();
        var existing = await db.Installs.Where(install => install.Id == request.Id
            || (install.ClusterId == cluster.Id && install.FinishedAt == null && install.Namespace == request.Namespace && install.Name == request.Name)).ToListAsync(ct);
        if (existing.Count > 0)
            return existing is [var one] && IsSame(one, cluster, request, content)
                ? await OkAsync(cluster, one, now, response, ct)
                : Taken(existing, cluster, request);

        var requested = Install.Request(cluster, request.Id ?? Guid.CreateVersion7(now), request.Name, request.Namespace, content, caller.Id, now);
        db.Add(requested);
        if (await states.PublishAsync(cluster, StateReason.Installed, ct) is { } tooMany)
            return tooMany;
        await audit.RecordAsync(new("install.requested", "install", requested.Id)
        {
            TargetName = $"{requested.Namespace}/{requested.Name}",
            After = new { Cluster = cluster.Name, App = request.App, content.Version, content.Edition },
        }, ct);
        Requested(log, caller.Organization, requested.Id, $"{content.Publisher}/{content.App}", content.Version, cluster.Id);
        response.Headers.ETag = InstallEtag.Of(requested);
        return TypedResults.Created($"{ClusterLinks.Of(caller.OrganizationSlug, cluster.Id).Installs}/{requested.Id}", await db.ToResourceAsync(cluster, requested, now, ct));
    }

    private async Task<Ok<InstallResource>> OkAsync(Cluster cluster, Install install, DateTimeOffset now, HttpResponse response, CancellationToken ct)
    {
        response.Headers.ETag = InstallEtag.Of(install);
        return TypedResults.Ok(await db.ToResourceAsync(cluster, install, now, ct));
    }

    private static bool IsSame(Install install, Cluster cluster, InstallRequest request, InstallContent content) =>
        install is { Removed: false } && install.ClusterId == cluster.Id && (install.Namespace, install.Name) == (request.Namespace, request.Name)
        && (request.Id is null || request.Id == install.Id) && install.Content with { PublishedAt = content.PublishedAt } == content;

    private static ProblemHttpResult Taken(IReadOnlyList<Install> existing, Cluster cluster, InstallRequest request) =>
        existing.FirstOrDefault(install => install.Id != request.Id) is { } other
            ? Problems.Conflict("install.name_taken", other.Removed
                ? $"{request.Namespace}/{request.Name} on {cluster.Name} is still being removed. Wait until it is gone, or choose another name."
                : $"{request.Namespace}/{request.Name} on {cluster.Name} is another install ({other.Publisher}/{other.App} {other.Version}). Change that one (`czctl upgrade`), remove it, or choose another name.",
                new Dictionary<string, object?> { ["install"] = other.Id })
            : Problems.Conflict("install.id_taken", "Another install of this organization has this id, or had it. Choose a new one (a UUIDv7), and seal inputs to it anew.");

    [LoggerMessage(3010, LogLevel.Information, "Organization {Organization} wants install {Install} ({App} {Version}) on cluster {Cluster}")]
    private static partial void Requested(ILogger log, Guid organization, Guid install, string app, string version, Guid cluster);
}

/// <summary>What to install.</summary>
/// <param name="App"><c>publisher/app</c>.</param>
/// <param name="Edition">Default: the only one on offer, or <c>latest</c>.</param>
/// <param name="Version">Default: the newest.</param>
/// <param name="Name">Of the App in the cluster; together with the namespace at most 61 characters, neither with <c>--</c>.</param>
/// <param name="Inputs">The answers as a compact JWE, sealed to the cluster's key and to <paramref name="Id"/>.</param>
/// <param name="Id">A UUIDv7 of the caller's choosing. Default: the Hub chooses.</param>
public sealed record InstallRequest(
    [Required, RegularExpression("^[a-z0-9][-a-z0-9]{0,62}/[a-z0-9][-a-z0-9]{0,62}$", ErrorMessage = "An application is written publisher/app.")] string App,
    [StringLength(63)] string? Edition,
    [StringLength(128)] string? Version,
    [Required, StringLength(60), RegularExpression(InstallName.Pattern, ErrorMessage = InstallName.Rule)] string Name,
    [Required, StringLength(60), RegularExpression(InstallName.Pattern, ErrorMessage = InstallName.Rule)] string Namespace,
    [StringLength(SealedInputs.MaxBytes)] string? Inputs,
    Guid? Id);
