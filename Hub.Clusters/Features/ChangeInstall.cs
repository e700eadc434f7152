using System.ComponentModel.DataAnnotations;
using System.Linq.Expressions;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>
/// PATCH /v1/orgs/{org}/clusters/{cluster}/installs/{install}, with If-Match: another version, edition or inputs, which voids the approvals; or paused, which does not.
/// </summary>
internal sealed partial class ChangeInstall(ClustersDb db, InstallContents contents, StatePublisher states, Caller caller, IAuditLog audit, TimeProvider clock, ILogger<Install> log)
{
    [EndpointSummary("Change an install's version, edition or inputs, or pause it")]
    internal static Task<Results<Ok<InstallResource>, ProblemHttpResult>> Handle(
        string cluster, Guid install, InstallChange request, ChangeInstall change, HttpContext http, CancellationToken ct) => change.RunAsync(cluster, install, request, http, ct);

    private async Task<Results<Ok<InstallResource>, ProblemHttpResult>> RunAsync(string clusterName, Guid id, InstallChange request, HttpContext http, CancellationToken ct)
    {
        var (basis, resolved, unknown) = await ResolveAsync(id, request, ct);

        await db.Database.BeginTransactionAsync(ct);
        if (await db.LockClusterAsync(clusterName, ct) is not { } cluster
            || await db.Installs.SingleOrDefaultAsync(install => install.Id == id && install.ClusterId == cluster.Id, ct) is not { } install)
            return Problems.NotFound();
        if (InstallEtag.Check(http.Request, install) is { } mismatch)
            return mismatch;
        if (install.Removed)
            return Problems.Conflict("install.removed", $"{install.Namespace}/{install.Name} is being removed, or was, and cannot be changed. Install it anew when it is gone.");
        if (LooksUp(request) && basis != Basis.Of(install))
            return ETags.Changed();

        var (inputs, refused) = await contents.KeepInputsAsync(request.Inputs, ct);
        if (refused is not null || unknown is not null)
            return (refused ?? unknown)!;
        if (resolved is not null)
            await contents.KeepAsync(resolved, ct);
        var content = (resolved?.Content ?? install.Content) with { Inputs = inputs ?? install.Inputs };

        var (before, wasPaused, revision) = (install.Content, install.Paused, install.Revision);
        if (content != before with { PublishedAt = content.PublishedAt })
            install.Change(content, cluster);
        if (request.Paused is { } paused && paused != install.Paused)
            install.Pause(paused, cluster);
        if (install.Revision != revision)
        {
            if (await states.PublishAsync(cluster, StateReason.Changed, ct) is { } tooMany)
                return tooMany;
            await audit.RecordAsync(new("install.changed", "install", install.Id)
            {
                TargetName = $"{install.Namespace}/{install.Name}",
                Before = new { before.Version, before.Edition, Paused = wasPaused },
                After = new { install.Version, install.Edition, install.Paused, NewInputs = install.Inputs != before.Inputs },
            }, ct);
            Changed(log, caller.Organization, install.Id, install.Version, install.Edition, install.Paused);
        }
        http.Response.Headers.ETag = InstallEtag.Of(install);
        return TypedResults.Ok(await db.ToResourceAsync(cluster, install, clock.GetUtcNow(), ct));
    }

    /// <summary>
    /// Only another version or edition is looked up: what is installed can be paused although its version is gone from the catalogue. Before the lock, so what
    /// it started from may have changed by the time the lock is had.
    /// </summary>
    private async Task<(Basis? Basis, ResolvedContent? Resolved, ProblemHttpResult? Refused)> ResolveAsync(Guid id, InstallChange request, CancellationToken ct)
    {
        if (!LooksUp(request))
            return default;
        var basis = await db.InTransactionAsync(() => db.Installs.AsNoTracking().Where(install => install.Id == id).Select(Basis.Read).SingleOrDefaultAsync(ct), ct);
        if (basis is null)
            return default;
        var (resolved, refused) = await contents.ResolveAsync(
            basis.Publisher, basis.App, request.Version ?? basis.Version, request.Edition ?? basis.Edition, basis.Edition, ct);
        return (basis, resolved, refused);
    }

    private static bool LooksUp(InstallChange request) => (request.Version, request.Edition) is not (null, null);

    /// <summary>What of an install a change of its content starts from.</summary>
    private sealed record Basis(string Publisher, string App, string Version, string Edition)
    {
        public static readonly Expression<Func<Install, Basis>> Read = install => new(install.Publisher, install.App, install.Version, install.Edition);

        public static Basis Of(Install install) => new(install.Publisher, install.App, install.Version, install.Edition);
    }

    [LoggerMessage(3011, LogLevel.Information, "Organization {Organization} changed install {Install}: version {Version}, edition {Edition}, paused {Paused}")]
    private static partial void Changed(ILogger log, Guid organization, Guid install, string version, string edition, bool paused);
}

/// <summary>What to change; what is absent stays.</summary>
/// <param name="Inputs">New answers, sealed to the cluster's key and this install's id.</param>
/// <param name="Paused">Keep what is there, change nothing: takes effect without approval.</param>
public sealed record InstallChange([StringLength(128)] string? Version, [StringLength(63)] string? Edition, [StringLength(SealedInputs.MaxBytes)] string? Inputs, bool? Paused);
