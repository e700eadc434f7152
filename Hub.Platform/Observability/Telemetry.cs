using System.Diagnostics;
using CodeZero.Hub.Platform.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CodeZero.Hub.Platform.Observability;

/// <summary>The section <c>Hub:Telemetry</c>.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "Hub:Telemetry";

    /// <summary>Base address of an OTLP collector over HTTP, such as <c>http://collector:4318</c>. Default: none, and nothing is sent.</summary>
    public Uri? Endpoint { get; set; }
}

/// <summary>Traces, metrics and logs over OTLP (HTTP, protobuf).</summary>
internal static class Telemetry
{
    private const string ServiceName = "codezero-hub";

    /// <summary>Sources and meters of ours; one per module.</summary>
    private const string OurSources = "CodeZero.*";

    internal static void AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidatedOptions<TelemetryOptions>(configuration, TelemetryOptions.Section);
        services.AddMetrics();
        if (configuration.GetSection(TelemetryOptions.Section).Get<TelemetryOptions>()?.Endpoint is not { } endpoint)
            return;
        services.AddSingleton(_ => new Exporters(endpoint)).AddHostedService(provider => provider.GetRequiredService<Exporters>());
        services.AddLogging(logging => logging.AddOpenTelemetry(options => options.SetResourceBuilder(Service()).AddOtlpExporter(otlp => To(otlp, endpoint, "v1/logs"))));
    }

    /// <summary>Names the request's activity by its route, and gives it the attributes of the semantic conventions, which the framework leaves out.</summary>
    internal static void UseActivityNames(this WebApplication app) => app.Use(async (context, next) =>
    {
        await next(context);
        if (Activity.Current is not { IsAllDataRequested: true } activity)
            return;
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        activity.DisplayName = route is null ? context.Request.Method : $"{context.Request.Method} {route}";
        activity.SetTag("http.request.method", context.Request.Method);
        activity.SetTag("http.route", route);
        activity.SetTag("http.response.status_code", context.Response.StatusCode);
        if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError)
            activity.SetStatus(ActivityStatusCode.Error);
    });

    private static ResourceBuilder Service() => ResourceBuilder.CreateDefault().AddService(ServiceName, serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3));

    private static void To(OtlpExporterOptions otlp, Uri endpoint, string path) =>
        (otlp.Protocol, otlp.Endpoint) = (OtlpExportProtocol.HttpProtobuf, new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{path}"));

    /// <summary>Lives as long as the host, so that the last spans are sent on the way out.</summary>
    private sealed class Exporters(Uri endpoint) : IHostedService, IDisposable
    {
        private readonly TracerProvider _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Service())
            .AddSource("Microsoft.AspNetCore", "Npgsql", "System.Net.Http", OurSources)
            .AddOtlpExporter(otlp => To(otlp, endpoint, "v1/traces")).Build();

        private readonly MeterProvider _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Service())
            .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Npgsql", "System.Runtime", OurSources)
            .AddOtlpExporter(otlp => To(otlp, endpoint, "v1/metrics")).Build();

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
            _traces.Dispose();
            _metrics.Dispose();
        }
    }
}
