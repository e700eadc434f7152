using System.Data.Common;
using CodeZero.Hub.Platform.Data;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Quartz;

namespace CodeZero.Hub.Platform.Jobs;

/// <summary>Work by the clock. It runs in a scope of its own, on one replica at a time, and is run again on another one when its replica dies.</summary>
public interface IHubJob
{
    Task RunAsync(CancellationToken ct);
}

/// <summary>Work at a time, once.</summary>
public interface IJobScheduler
{
    /// <summary>Runs a registered job now, beside its times.</summary>
    /// <param name="name">The name it was registered by.</param>
    /// <exception cref="ArgumentException">There is no such job.</exception>
    Task RunNowAsync(string name, CancellationToken ct);
}

/// <summary>Scheduled jobs, on Quartz with its PostgreSQL store: replicas share the schedule.</summary>
public static class Jobs
{
    /// <summary>The schema of Quartz' tables.</summary>
    internal const string Schema = "jobs";

    private const string TableSuffix = "qrtz_";

    /// <summary>Registers a job.</summary>
    /// <param name="name">Unique and stable: <c>module.what</c>.</param>
    /// <param name="cron">Seconds, minutes, hours, day of month, month, day of week, in UTC; what was missed while nobody ran is made up for once.</param>
    public static IServiceCollection AddHubJob<TJob>(this IServiceCollection services, string name, string cron) where TJob : class, IHubJob =>
        services.AddScoped<TJob>().AddQuartz(quartz => quartz
            .AddJob<QuartzJob<TJob>>(job => job.WithIdentity(name).StoreDurably().RequestRecovery())
            .AddTrigger<QuartzJob<TJob>>(trigger => trigger.ForJob(name).WithIdentity(name)
                .WithCronSchedule(cron, schedule => schedule.InTimeZone(TimeZoneInfo.Utc).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))));

    internal static void AddJobs(this IServiceCollection services)
    {
        services.AddSingleton(Migration());
        services.AddSingleton<DbDataSource>(provider => provider.GetRequiredService<NpgsqlDataSource>());
        services.AddSingleton<IJobScheduler, QuartzScheduler>();
        services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(scheduler =>
            {
                scheduler.InstanceName = "hub";
                scheduler.GenerateInstanceId = true;
            });
            quartz.UseDefaultThreadPool(2);
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(source => source.UseRegisteredDataSource = true);
                store.UseClustering(_ => { });
                store.ConfigureStore(options => options.TablePrefix = $"{Schema}.{TableSuffix}");
            });
        });
        services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
    }

    /// <summary>
    /// Quartz' own script, which creates what is missing and says how it wants its two placeholders filled. Named by its version: a newer Quartz brings a new migration.
    /// </summary>
    private static MigrationSource Migration()
    {
        var quartz = typeof(IScheduler).Assembly;
        var script = MigrationSource.ReadResource(quartz, "Quartz.Impl.AdoJobStore.Schema.create_postgres.sql")
            .Replace("{0}", $"{Schema}.{TableSuffix}", StringComparison.Ordinal).Replace("{1}", TableSuffix, StringComparison.Ordinal);
        return MigrationSource.Script(Schema, $"quartz_{quartz.GetName().Version!.ToString(3)}.sql", script);
    }

    private sealed class QuartzScheduler(ISchedulerFactory factory) : IJobScheduler
    {
        public async Task RunNowAsync(string name, CancellationToken ct)
        {
            var scheduler = await factory.GetScheduler(ct);
            var key = new JobKey(name);
            if (await scheduler.GetJobDetail(key, ct) is null)
                throw new ArgumentException($"There is no job '{name}'.", nameof(name));
            await scheduler.TriggerJob(key, ct);
        }
    }
}

/// <summary>A job as Quartz sees it.</summary>
[DisallowConcurrentExecution]
internal sealed class QuartzJob<TJob>(TJob job) : IJob where TJob : class, IHubJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await job.RunAsync(cancellationToken);
}
