using System.ComponentModel.DataAnnotations;
using System.Globalization;
using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.AgentLink;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>
/// GET /agent/v1/state?wait=50: the newest signed state, when it is newer than the one the agent has (<c>If-None-Match: "&lt;serial&gt;"</c>), else a wait for it, at most
/// <c>wait</c> seconds. Protocol §5. While it waits it holds no connection, no transaction and no thread.
/// </summary>
internal sealed class PullState(IServiceScopeFactory scopes, StateWaits waits, AgentDirectory directory, IOptions<ClustersOptions> options, ClustersMetrics metrics, TimeProvider clock)
{
    /// <summary>The longest wait, in seconds.</summary>
    internal const int MaxWaitSeconds = 55;

    /// <summary>Notifications can be missed; so often everybody looks by himself.</summary>
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(30);

    /// <summary>When to come back to another replica, as this one stops.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    [EndpointSummary("Wait for the next desired state")]
    internal static async Task<IResult> Handle(
        [FromServices] PullState pull, AgentCaller caller, HttpContext http, CancellationToken ct,
        [Range(0, MaxWaitSeconds)] int wait = 0, [FromHeader(Name = "If-None-Match")] string? ifNoneMatch = null)
    {
        http.Response.Headers.CacheControl = "no-store";
        return await pull.WaitAsync(caller.Organization, caller.Cluster, caller.KeyThumbprint, TimeSpan.FromSeconds(wait), SerialOf(ifNoneMatch), http.Response, ct);
    }

    private async Task<IResult> WaitAsync(Guid organization, Guid cluster, string thumbprint, TimeSpan longest, long? known, HttpResponse response, CancellationToken ct)
    {
        var asked = clock.GetUtcNow();
        var until = asked + longest;
        var heard = false;
        using var listening = waits.Listen(cluster);
        while (true)
        {
            if (await directory.FindAsync(organization, cluster, thumbprint, ct) is null)
                return CurrentAgentFilter.Revoked();
            // Only the request itself is a sign of life: whoever waits may have gone long ago.
            if (await ReadNewerAsync(organization, cluster, known, heard ? null : asked, longest, ct) is { } envelope)
            {
                response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{envelope.Serial}\"");
                SayNext(response, TimeSpan.Zero);
                return TypedResults.Bytes(envelope.Content, "application/json");
            }
            heard = true;
            var left = until - clock.GetUtcNow();
            if (left <= TimeSpan.Zero || waits.Stopping)
            {
                SayNext(response, waits.Stopping ? Soon : longest > TimeSpan.Zero ? TimeSpan.Zero : Sweep);
                return TypedResults.StatusCode(StatusCodes.Status304NotModified);
            }
            metrics.HeldPolls.Add(1);
            try
            {
                await listening.NextAsync(left < Sweep ? left : Sweep, ct);
            }
            finally
            {
                metrics.HeldPolls.Add(-1);
            }
        }
    }

    /// <summary>The newest state unless the agent has it; marks what stands in it as fetched, and the agent as heard.</summary>
    private async Task<(long Serial, byte[] Content)?> ReadNewerAsync(Guid organization, Guid cluster, long? known, DateTimeOffset? heard, TimeSpan wait, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organization);
        var db = scope.ServiceProvider.GetRequiredService<ClustersDb>();
        return await db.InTransactionAsync<ClustersDb, (long, byte[])?>(async () =>
        {
            if (heard is { } at)
            {
                var nextExpected = at + wait + options.Value.LateAfter;
                await db.Clusters.Where(row => row.Id == cluster).ExecuteUpdateAsync(
                    row => row.SetProperty(seen => seen.LastSeen, at).SetProperty(seen => seen.NextExpected, nextExpected), ct);
            }
            var newest = await db.Clusters.Where(row => row.Id == cluster).Select(row => row.Serial).SingleOrDefaultAsync(ct);
            if (newest == 0 || newest == known)
                return null;
            var envelope = await db.States.Where(state => state.ClusterId == cluster && state.Serial == newest).Select(state => state.Envelope).SingleAsync(ct);
            await db.Installs.Where(install => install.ClusterId == cluster && install.FinishedAt == null && install.ServedAt == null && install.StateSerial <= newest)
                .ExecuteUpdateAsync(install => install.SetProperty(row => row.ServedAt, clock.GetUtcNow()).SetProperty(row => row.EverServed, true), ct);
            return (newest, envelope!);
        }, ct);
    }

    /// <summary>The serial in the header; null when there is none that could be ours, and then the state is sent.</summary>
    private static long? SerialOf(string? ifNoneMatch) =>
        long.TryParse(ifNoneMatch?.Trim().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var serial) ? serial : null;

    private static void SayNext(HttpResponse response, TimeSpan next) =>
        response.Headers[AgentApi.NextHeader] = ((int)next.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
