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
using Npgsql;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>
/// GET /agent/v1/state?wait=50: the newest signed state, when it is newer than the one the agent has (<c>If-None-Match: "&lt;serial&gt;"</c>), else a wait for it, at most
/// <c>wait</c> seconds. Protocol §5. While it waits it holds no connection, no transaction and no thread.
/// </summary>
internal sealed class PullState(
    IServiceScopeFactory scopes, StateWaits waits, AgentDirectory directory, NpgsqlDataSource database, IOptions<ClustersOptions> options, ClustersMetrics metrics, TimeProvider clock) : IDisposable
{
    /// <summary>The longest wait, in seconds.</summary>
    internal const int MaxWaitSeconds = 55;

    /// <summary>Notifications can be missed; so often everybody looks by himself.</summary>
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(30);

    /// <summary>When to come back to another replica, as this one stops.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Thousands may wake at once, when notifications were missed. Those who look in the same moment take a quarter of the connections, the others come after
    /// them: nobody else's request waits for that, and a single one who wakes does not wait at all.
    /// </summary>
    private readonly SemaphoreSlim _looks = new(Math.Max(1, new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize / 4));

    [EndpointSummary("Wait for the next desired state")]
    internal static async Task<IResult> Handle(
        [FromServices] PullState pull, AgentCaller caller, HttpContext http, CancellationToken ct,
        [Range(0, MaxWaitSeconds)] int wait = 0, [FromHeader(Name = "If-None-Match")] string? ifNoneMatch = null)
    {
        http.Response.Headers.CacheControl = "no-store";
        return await pull.WaitAsync(caller, TimeSpan.FromSeconds(wait), SerialOf(ifNoneMatch), http.Response, ct);
    }

    public void Dispose() => _looks.Dispose();

    private async Task<IResult> WaitAsync(AgentCaller caller, TimeSpan longest, long? known, HttpResponse response, CancellationToken ct)
    {
        var asked = clock.GetUtcNow();
        var until = asked + longest;
        var nextExpected = until + options.Value.LateAfter;
        // Only the request itself is a sign of life: whoever waits may have gone long ago.
        (DateTimeOffset At, DateTimeOffset NextExpected)? heard = (asked, nextExpected);
        using var listening = waits.Listen(caller.Cluster);
        while (true)
        {
            var seen = await LookAsync(caller, known, heard, ct);
            if (!seen.MayAsk)
                return CurrentAgentFilter.Revoked();
            if (seen.State is { } state)
            {
                response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{state.Serial}\"");
                SayNext(response, TimeSpan.Zero);
                return TypedResults.Bytes(state.Envelope, "application/json");
            }
            heard = null;
            var left = until - clock.GetUtcNow();
            if (left > TimeSpan.Zero && !waits.Stopping)
                await HoldAsync(listening, left < Sweep ? left : Sweep, ct);
            if (waits.Stopping || left <= TimeSpan.Zero)
            {
                SayNext(response, waits.Stopping ? Soon : longest > TimeSpan.Zero ? TimeSpan.Zero : Sweep);
                return TypedResults.StatusCode(StatusCodes.Status304NotModified);
            }
        }
    }

    private async Task HoldAsync(StateWaits.Wait listening, TimeSpan atMost, CancellationToken ct)
    {
        metrics.HeldPolls.Add(1);
        try
        {
            await listening.NextAsync(atMost, ct);
        }
        finally
        {
            metrics.HeldPolls.Add(-1);
        }
    }

    /// <summary>Whether the agent still may ask, and the newest state unless it has it.</summary>
    private async Task<(bool MayAsk, SignedState? State)> LookAsync(AgentCaller caller, long? known, (DateTimeOffset At, DateTimeOffset NextExpected)? heard, CancellationToken ct)
    {
        await _looks.WaitAsync(ct);
        try
        {
            return await directory.FindAsync(caller.Organization, caller.Cluster, caller.KeyThumbprint, ct) is null
                ? (false, null)
                : (true, await ReadNewerAsync(caller.Organization, caller.Cluster, known, heard, ct));
        }
        finally
        {
            _looks.Release();
        }
    }

    /// <summary>The newest state unless the agent has it; marks what stands in it as fetched, and the agent as heard.</summary>
    private async Task<SignedState?> ReadNewerAsync(Guid organization, Guid cluster, long? known, (DateTimeOffset At, DateTimeOffset NextExpected)? heard, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organization);
        var db = scope.ServiceProvider.GetRequiredService<ClustersDb>();
        return await db.InTransactionAsync(async () =>
        {
            if (heard is var (at, nextExpected))
                await db.Clusters.Where(row => row.Id == cluster).ExecuteUpdateAsync(
                    row => row.SetProperty(seen => seen.LastSeen, at).SetProperty(seen => seen.NextExpected, nextExpected), ct);
            var newest = await db.Clusters.Where(row => row.Id == cluster).Select(row => row.Serial).SingleOrDefaultAsync(ct);
            return newest == 0 || newest == known ? null : await HandOutAsync(db, cluster, ct);
        }, ct);
    }

    /// <summary>
    /// Under the cluster's lock, like every change: what nobody was given can be withdrawn at once, so whether it was given, and which state is the newest, must not change
    /// between a look and its consequence.
    /// </summary>
    private async Task<SignedState?> HandOutAsync(ClustersDb db, Guid id, CancellationToken ct)
    {
        if (await db.LockClusterAsync(id, ct) is not { Serial: var serial })
            return null;
        var envelope = await db.States.Where(state => state.ClusterId == id && state.Serial == serial).Select(state => state.Envelope).SingleAsync(ct);
        await db.Installs.Where(install => install.ClusterId == id && install.FinishedAt == null && install.ServedAt == null && install.StateSerial <= serial)
            .ExecuteUpdateAsync(install => install.SetProperty(row => row.ServedAt, clock.GetUtcNow()).SetProperty(row => row.EverServed, true), ct);
        return new(serial, envelope!);
    }

    /// <summary>The serial in the header; null when there is none that could be ours, and then the state is sent.</summary>
    private static long? SerialOf(string? ifNoneMatch) =>
        long.TryParse(ifNoneMatch?.Trim().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var serial) ? serial : null;

    private static void SayNext(HttpResponse response, TimeSpan next) =>
        response.Headers[AgentApi.NextHeader] = ((int)next.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private sealed record SignedState(long Serial, byte[] Envelope);
}
