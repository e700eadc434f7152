using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Identity.Jobs;

/// <summary>
/// Looks daily whether verified domains still have their record. One that has lacked it for a week no longer counts; one whose servers do not answer keeps what it has.
/// </summary>
internal sealed partial class CheckDomains(IServiceScopeFactory scopes, IdentityDb db, ILogger<CheckDomains> log) : IHubJob
{
    public const string Name = "identity.check-domains";

    /// <summary>Every day at 03:40.</summary>
    public const string Cron = "0 40 3 * * ?";

    public async Task RunAsync(CancellationToken ct)
    {
        foreach (var domain in await db.VerifiedDomains.AsNoTracking().OrderBy(domain => domain.Name).ToListAsync(ct))
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                scope.ServiceProvider.GetRequiredService<Tenant>().Enter(domain.DirectoryId);
                Checked(log, domain.Name, await scope.ServiceProvider.GetRequiredService<Domains>().CheckAsync(domain.Name, ct));
            }
            catch (Exception e) when (e is DbUpdateException or System.Data.Common.DbException)
            {
                Failed(log, domain.Name, e);
            }
    }

    [LoggerMessage(1040, LogLevel.Information, "Looked domain {Domain} up again: {Outcome}")]
    private static partial void Checked(ILogger log, string domain, DomainCheck outcome);

    [LoggerMessage(1041, LogLevel.Error, "Domain {Domain} could not be looked up again; the next run tries again")]
    private static partial void Failed(ILogger log, string domain, Exception exception);
}
