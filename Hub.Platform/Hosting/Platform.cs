using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Dns;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Mail;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Observability;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Platform.Hosting;

/// <summary>Everything the modules stand on: database, tenancy, tokens, problems, and the order in which a request meets them.</summary>
public static class Platform
{
    /// <summary>Registers the mechanisms. Options are validated when the host starts.</summary>
    public static IServiceCollection AddPlatform(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidatedOptions<HubOptions>(configuration, HubOptions.Section);
        services.AddValidatedOptions<DatabaseOptions>(configuration, DatabaseOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        AddDatabase(services);

        services.AddScoped<Tenant>().AddScoped<OpenTransactions>().AddScoped<Caller>().AddScoped<AgentCaller>().AddScoped<OrganizationAdmission>();
        services.AddScoped<IAuthorizationHandler, OrganizationHandler>().AddScoped<IAuthorizationHandler, AgentHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AuthorizationResults>();
        services.AddAccessTokens(configuration);
        services.AddKeyRing(configuration);
        services.AddValidatedOptions<DnsOptions>(configuration, DnsOptions.Section);
        services.AddSingleton<IDnsResolver, DnsResolver>();
        services.AddProblems();
        services.AddHttpBoundary();
        services.AddRateLimits(configuration);
        services.AddIdempotency();

        services.AddSingleton<Notifications>().AddSingleton<INotifications>(provider => provider.GetRequiredService<Notifications>());
        services.AddHostedService(provider => provider.GetRequiredService<Notifications>()).AddHostedService<OutboxDispatcher>();
        services.AddMail(configuration);
        services.AddJobs();
        services.AddHubJob<PurgeJob>(PurgeJob.Name, PurgeJob.Cron);
        services.AddTelemetry(configuration);
        services.AddOpenApiDocument();
        return services;
    }

    /// <summary>The order of a request: boundary, errors, route, who, may they, how often; then the endpoint.</summary>
    public static WebApplication UsePlatform(this WebApplication app)
    {
        app.UseHttpBoundary();
        app.UseActivityNames();
        app.UseProblems();
        app.UseOpenApiPage();
        app.UseRouting();
        app.UseAddressLimits();
        app.UseUnroutedAnswers();
        app.UseTextRules();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseCallerLimits();
        app.UseIdempotency();
        app.MapHealth();
        Asset.Stylesheet.Map(app);
        app.MapOpenApiDocument();
        return app;
    }

    private static void AddDatabase(IServiceCollection services)
    {
        services.AddSingleton(MigrationSource.Embedded("platform", typeof(Platform).Assembly));
        services.AddSingleton<Migrator>().AddSingleton<DatabaseMigration>().AddHostedService<DatabaseGuard>();
        services.AddSingleton(provider =>
        {
            var settings = new NpgsqlConnectionStringBuilder(provider.GetRequiredService<IOptions<DatabaseOptions>>().Value.Application) { ApplicationName = "codezero-hub" };
            if (!settings.ShouldSerialize("Timeout"))
                settings.Timeout = 5; // seconds, for a free connection too: a Hub that is too busy says so soon
            return new NpgsqlDataSourceBuilder(settings.ConnectionString).UseLoggerFactory(provider.GetService<Microsoft.Extensions.Logging.ILoggerFactory>()).Build();
        });
    }
}
