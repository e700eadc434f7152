using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.AgentLink;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>POST /agent/v1/reports: what the agent says about its cluster, complete. Protocol §8.</summary>
internal sealed class SendReport(ClustersDb db, StatePublisher states, IOptions<ClustersOptions> options, ClustersMetrics metrics, TimeProvider clock)
{
    [EndpointSummary("Report what runs in the cluster")]
    internal static async Task<IResult> Handle(HttpRequest http, SendReport send, AgentCaller caller, CancellationToken ct)
    {
        if (await WireBody.ReadAsync(http, AgentReport.MaxBytes, ct) is not { } body)
            return WireBody.TooLarge(AgentReport.MaxBytes);
        if (!AgentReport.Parse(body.Span).TryGet(out var report, out var refusal))
            return Problems.BadRequest(refusal.Code, refusal.Reason);
        if (report.Cluster != caller.Cluster)
            return Problems.Unprocessable("report.wrong_cluster", $"The report is about cluster {report.Cluster}; this agent speaks for {caller.Cluster}.");
        return await send.AcceptAsync(report, ct);
    }

    private async Task<IResult> AcceptAsync(AgentReport report, CancellationToken ct)
    {
        if (await db.LockClusterAsync(report.Cluster, ct) is not { } cluster)
            return CurrentAgentFilter.Revoked();
        var named = report.Installs.Select(install => install.Id).Concat(report.Refusals.Where(refusal => refusal.Install is not null).Select(refusal => refusal.Install!.Value)).ToHashSet();
        var installs = await db.Installs.Where(install => install.ClusterId == cluster.Id && named.Contains(install.Id)).ToListAsync(ct);
        if (installs.Count < named.Count)
            return Foreign(named.Except(installs.Select(install => install.Id)));

        var now = clock.GetUtcNow();
        cluster.Hear(now, now + options.Value.LateAfter);
        cluster.Observe(report.Refusals.FirstOrDefault(refusal => refusal.Install is null && refusal.Code != RefusalCode.StateGap) is { } whole
            ? new StateRefusal(whole.Code, whole.Detail, report.SentAt, cluster.Serial) : null);
        var changed = false;
        foreach (var install in installs)
            changed |= install.Observe(
                cluster, report, report.Installs.FirstOrDefault(said => said.Id == install.Id), report.Refusals.FirstOrDefault(refusal => refusal.Install == install.Id),
                await MayReturnAsync(install, installs, ct), now);
        db.Add(StoredReport.Of(cluster, report, now));
        await db.SaveChangesAsync(ct);
        await ForgetOldAsync(cluster, ct);
        if (changed && await states.PublishAsync(cluster, StateReason.Finished, ct) is { } refused)
            return refused;
        metrics.ReportAccepted();
        return TypedResults.NoContent();
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult Foreign(IEnumerable<Guid> ids) => Problems.Unprocessable("report.foreign_install",
        "The report speaks of installs that are not this cluster's. Nothing of it was kept. Report only what this cluster's states named.",
        new Dictionary<string, object?> { ["installs"] = ids.Take(10).ToList() });

    /// <summary>A finished install that runs after all comes back, unless another took its place.</summary>
    /// <param name="reported">Those of the same report; of several by one name the first comes back.</param>
    private async Task<bool> MayReturnAsync(Install install, IEnumerable<Install> reported, CancellationToken ct) => install.FinishedAt is not null
        && !reported.Any(other => other.FinishedAt is null && other.Namespace == install.Namespace && other.Name == install.Name)
        && !await db.Installs.AnyAsync(other => other.ClusterId == install.ClusterId && other.FinishedAt == null && other.Namespace == install.Namespace && other.Name == install.Name, ct);

    private async Task ForgetOldAsync(Cluster cluster, CancellationToken ct)
    {
        var oldest = await db.Reports.Where(report => report.ClusterId == cluster.Id).OrderByDescending(report => report.Id)
            .Skip(StoredReport.Kept).Select(report => (Guid?)report.Id).FirstOrDefaultAsync(ct);
        if (oldest is { } id)
            await db.Reports.Where(report => report.ClusterId == cluster.Id && report.Id <= id).ExecuteDeleteAsync(ct);
    }
}
