using System.Net;
using CodeZero.Hub.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Cli.Tests;

/// <summary>The client against a server that fails in chosen ways, over real HTTP.</summary>
public sealed class HubClientTests
{
    private static readonly HubClientOptions Fast = new() { FirstPause = TimeSpan.FromMilliseconds(1), LongestPause = TimeSpan.FromSeconds(2) };

    [Fact]
    public async Task A_post_is_repeated_under_one_idempotency_key_until_it_is_answered()
    {
        var keys = new List<string>();
        await using var server = await Server.StartAsync(context =>
        {
            keys.Add(context.Request.Headers["Idempotency-Key"]!);
            if (keys.Count == 1)
                context.Abort();
            else if (keys.Count == 2)
                context.Response.StatusCode = 503;
            else
                return context.Response.WriteAsync("""{"id":"0190a000-0000-7000-8000-000000000001","slug":"acme","name":"Acme","role":"owner","createdAt":"2026-01-01T00:00:00Z"}""");
            return Task.CompletedTask;
        });
        using var hub = new HubClient(server.Address, Fast);

        Assert.Equal("acme", (await hub.Identity.CreateOrganizationAsync("Acme")).Slug);
        Assert.Equal(3, keys.Count);
        Assert.Single(keys.Distinct());
    }

    [Fact]
    public async Task A_hub_that_stays_away_is_unreachable_after_all_attempts()
    {
        var requests = 0;
        await using var server = await Server.StartAsync(context =>
        {
            requests++;
            context.Abort();
            return Task.CompletedTask;
        });
        using var hub = new HubClient(server.Address, Fast);

        await Assert.ThrowsAsync<HubUnreachableException>(() => hub.Identity.MeAsync());
        Assert.Equal(4, requests);
    }

    [Theory]
    [InlineData("1", 4)]
    [InlineData("3600", 1)]
    public async Task A_hub_that_asks_to_wait_is_waited_for_only_so_long(string retryAfter, int expected)
    {
        var requests = 0;
        await using var server = await Server.StartAsync(context =>
        {
            requests++;
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        });
        using var hub = new HubClient(server.Address, Fast);

        var refused = await Assert.ThrowsAsync<HubException>(() => hub.Identity.MeAsync());
        Assert.Equal((HttpStatusCode.TooManyRequests, "http.429", TimeSpan.FromSeconds(double.Parse(retryAfter, System.Globalization.CultureInfo.InvariantCulture))), (refused.Status, refused.Code, refused.RetryAfter));
        Assert.Equal(expected, requests);
    }

    [Fact]
    public async Task A_refusal_is_not_repeated_and_keeps_its_members()
    {
        var requests = 0;
        await using var server = await Server.StartAsync(context =>
        {
            requests++;
            context.Response.StatusCode = 422;
            context.Response.ContentType = "application/problem+json";
            return context.Response.WriteAsync("""
                {"code":"manifest.invalid","detail":"No.","traceId":"t","given":"x","errors":{"name":["too long"]},
                 "diagnostics":[{"severity":"error","code":"manifest.type","message":"m","file":"c6o.yaml","line":3,"column":4,"path":"name"}]}
                """);
        });
        using var hub = new HubClient(server.Address, Fast);

        var refused = await Assert.ThrowsAsync<HubException>(() => hub.Clusters.CreateAsync("acme", "x"));
        Assert.Equal((1, "manifest.invalid", "No.", "t", "x"), (requests, refused.Code, refused.Message, refused.TraceId, refused.Members["given"].GetString()));
        Assert.Equal(("c6o.yaml", 3, 4), (refused.Diagnostics[0].File, refused.Diagnostics[0].Line, refused.Diagnostics[0].Column));
        Assert.Equal("too long", refused.Errors["name"][0]);
    }

    [Fact]
    public async Task An_answer_that_is_no_json_is_a_refusal_that_says_so()
    {
        await using var server = await Server.StartAsync(context => context.Response.WriteAsync("<html>welcome to the hotel wifi</html>"));
        using var hub = new HubClient(server.Address, Fast);
        Assert.Equal("client.unreadable", (await Assert.ThrowsAsync<HubException>(() => hub.Identity.MeAsync())).Code);
    }

    [Fact]
    public async Task Redirects_are_not_followed_with_the_token()
    {
        await using var elsewhere = await Server.StartAsync(_ => throw new InvalidOperationException("must not be asked"));
        await using var server = await Server.StartAsync(context =>
        {
            context.Response.Redirect(elsewhere.Address.AbsoluteUri);
            return Task.CompletedTask;
        });
        using var hub = new HubClient(server.Address, Fast);
        Assert.Equal("http.302", (await Assert.ThrowsAsync<HubException>(() => hub.Identity.MeAsync())).Code);
    }

    [Fact]
    public async Task Whatever_a_person_types_stays_within_its_segment()
    {
        var paths = new List<string>();
        await using var server = await Server.StartAsync(context =>
        {
            paths.Add(context.Request.Path + context.Request.QueryString.Value);
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        using var hub = new HubClient(server.Address, Fast);
        foreach (var typed in new[] { "..", "a/../b", "a?b=c", "a#b", "%2e%2e" })
            await Assert.ThrowsAsync<HubException>(() => hub.Clusters.GetAsync("acme", typed));
        Assert.All(paths, path => Assert.Equal(5, path.Split('?')[0].Count(c => c == '/')));
        Assert.All(paths, path => Assert.StartsWith("/v1/orgs/acme/clusters/", path, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://hub.example.com")]
    [InlineData("ftp://hub.example.com")]
    public void An_address_that_would_send_tokens_in_clear_text_is_refused(string address) => Assert.Throws<ArgumentException>(() => new HubClient(new Uri(address)));

    private sealed class Server(WebApplication app) : IAsyncDisposable
    {
        public Uri Address { get; } = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

        public static async Task<Server> StartAsync(RequestDelegate answer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.Run(answer);
            await app.StartAsync();
            return new(app);
        }

        public async ValueTask DisposeAsync() => await app.DisposeAsync();
    }
}
