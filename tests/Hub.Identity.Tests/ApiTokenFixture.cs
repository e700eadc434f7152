using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>A Hub that keeps what it logs, and has a route of an organization elsewhere than below /v1.</summary>
public sealed class ApiTokenFixture : OrganizationFixture
{
    public const string RouteElsewhere = "/elsewhere/v2/{org}/things";

    internal KeptLog Log { get; } = new();

    protected override void Configure(IServiceCollection services) => services.AddLogging(logging => logging.AddProvider(Log).AddFilter<KeptLog>(null, LogLevel.Debug));

    protected override void Map(WebApplication app) => app.MapGet(RouteElsewhere, (Caller caller) => new Reached(caller.Id)).RequirePermission(Permissions.ReadMembers);

    /// <summary>What the route elsewhere answers.</summary>
    internal sealed record Reached(Guid Id);

    /// <summary>Makes a personal access token; its text.</summary>
    internal static async Task<string> TokenAsync(TestPerson person, string[] permissions, params string[]? organizations) =>
        (await person.Client.PostAsJsonAsync("/v1/me/tokens", new { name = "ci", permissions, organizations = organizations is { Length: > 0 } ? organizations : null }).JsonAsync(HttpStatusCode.Created)).Text("secret")!;

    /// <summary>Makes an API key; its text and id.</summary>
    internal static async Task<(string Secret, Guid Id)> KeyAsync(TestPerson maker, string organization, params string[] permissions)
    {
        var made = await maker.Client.PostAsJsonAsync($"/v1/orgs/{organization}/keys", new { name = "robot", permissions }).JsonAsync(HttpStatusCode.Created);
        return (made.Text("secret")!, made.GetProperty("key").GetProperty("id").GetGuid());
    }

    /// <summary>A program that sends a token.</summary>
    public HttpClient With(string token, string scheme = "Bearer")
    {
        var client = Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(scheme, token);
        return client;
    }

    /// <summary>The newest entry of an organization's audit log.</summary>
    internal static async Task<JsonElement> NewestEntryAsync(TestPerson owner) => (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit?limit=1").JsonAsync()).Items().Single();
}

/// <summary>Every line that was logged, as it would be written.</summary>
internal sealed class KeptLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
