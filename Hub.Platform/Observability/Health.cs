using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CodeZero.Hub.Platform.Observability;

/// <summary><c>/healthz</c>: the process is alive. <c>/readyz</c>: its database answers and is migrated.</summary>
internal static class Health
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    internal static void MapHealth(this IEndpointRouteBuilder routes)
    {
        const string reason = "Probes have no account, and learn nothing but ready or not.";
        routes.MapGet("/healthz", (CancellationToken _) => TypedResults.Text("alive\n")).AllowAnonymousBecause(reason).ExcludeFromDescription();
        routes.MapGet("/readyz", ReadyAsync).AllowAnonymousBecause(reason).ExcludeFromDescription();
    }

    private static async Task<IResult> ReadyAsync(Migrator migrator, NpgsqlDataSource database, ILoggerFactory logs, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Patience);
        try
        {
            var pending = await migrator.FindPendingAsync(database, deadline.Token);
            return pending.Count == 0 ? TypedResults.Text("ready\n") : NotReady("The database is not migrated. Run 'Hub.Api migrate'.");
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            HealthLog.NotReady(logs.CreateLogger(typeof(Health)), e);
            return NotReady("The database does not answer.");
        }
    }

    private static ProblemHttpResult NotReady(string why) => Problems.Create(StatusCodes.Status503ServiceUnavailable, "not_ready", why);
}

internal static partial class HealthLog
{
    [LoggerMessage(9401, LogLevel.Warning, "Not ready: the database does not answer")]
    internal static partial void NotReady(ILogger log, Exception exception);
}
