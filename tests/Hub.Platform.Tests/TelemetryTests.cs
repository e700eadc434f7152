using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using CodeZero.Hub.Platform.Tests.Probe;
using CodeZero.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Platform.Tests;

/// <summary>What operators see: traces, metrics and logs at a collector, and the addresses of callers behind a proxy.</summary>
public sealed class TelemetryTests(ProbeFixture probe) : IClassFixture<ProbeFixture>
{
    [Fact]
    public async Task A_collector_gets_traces_named_by_route_metrics_and_logs()
    {
        var received = new ConcurrentQueue<(string Path, byte[] Body)>();
        await using var collector = await StartCollectorAsync(received);
        var hub = await probe.StartHubAsync(new Dictionary<string, string?> { ["Hub:Telemetry:Endpoint"] = AddressOf(collector) });
        using (var client = probe.CreateClient(hub: hub))
        {
            await client.GetAsync(new Uri("/probe/me", UriKind.Relative));
            await client.GetAsync(new Uri("/probe/boom", UriKind.Relative));
        }

        await hub.DisposeAsync();

        Assert.Contains(received, post => post.Path == "/v1/traces" && Encoding.UTF8.GetString(post.Body).Contains("GET /probe/me", StringComparison.Ordinal));
        Assert.Contains(received, post => post.Path == "/v1/metrics" && Encoding.UTF8.GetString(post.Body).Contains("http.server.request.duration", StringComparison.Ordinal));
        Assert.Contains(received, post => post.Path == "/v1/logs" && Encoding.UTF8.GetString(post.Body).Contains("Unexpected failure", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_traceId_of_a_problem_is_that_of_its_trace()
    {
        using var client = probe.CreateClient();
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/probe/boom") { Headers = { { "traceparent", activity.Id } } };

        var answer = await client.SendAsync(request);

        Assert.Contains(activity.TraceId.ToHexString(), await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.0/8", 3)]
    [InlineData(null, 2)]
    public async Task Callers_addresses_are_taken_from_trusted_proxies_only(string? trusted, int servedOfThree)
    {
        var settings = new Dictionary<string, string?> { ["Hub:RateLimits:AddressPerMinute"] = "2" };
        if (trusted is not null)
            settings["Hub:TrustedProxies:0"] = trusted;
        await using var hub = await probe.StartHubAsync(settings);
        using var client = hub.CreateClient();

        var served = 0;
        for (var i = 1; i <= 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/probe/me") { Headers = { { "X-Forwarded-For", $"203.0.113.{i}" } } };
            served += (await client.SendAsync(request)).StatusCode == HttpStatusCode.TooManyRequests ? 0 : 1;
        }

        Assert.Equal(servedOfThree, served);
    }

    [Fact]
    public async Task A_caller_who_goes_away_is_no_error()
    {
        var log = new RecordingLogs();
        await using var hub = await probe.StartHubAsync(configure: services => services.AddSingleton<ILoggerProvider>(log));
        using var client = probe.CreateClient(hub: hub);
        using var gone = new CancellationTokenSource();
        var gate = probe.Hold("left alone");

        var request = client.PostAsync(new Uri($"/probe/{Guid.CreateVersion7()}/things", UriKind.Relative), new StringContent("""{"name":"left alone"}""", Encoding.UTF8, "application/json"), gone.Token);
        await gate.Arrived;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        gate.Open();

        await Eventually.HoldsAsync(async () => await probe.LookAsync<long>("select count(*) from probe.things where name = 'left alone'") == 1);
        Assert.DoesNotContain(log.Lines, line => line.Level >= LogLevel.Error);
    }

    private static async Task<WebApplication> StartCollectorAsync(ConcurrentQueue<(string Path, byte[] Body)> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var collector = builder.Build();
        collector.MapPost("/{**path}", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.Enqueue((context.Request.Path, body.ToArray()));
        });
        await collector.StartAsync();
        return collector;
    }

    private static string AddressOf(WebApplication app) => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
}
