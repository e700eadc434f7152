using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Security;
using CodeZero.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodeZero.Benchmarks;

/// <summary>
/// What it costs an API to believe an access token: a server that answers "hello" to who brings one, validated by the Hub's own scheme with keys from discovery, against
/// one that answers everybody. No database is asked.
/// </summary>
internal static class TokenValidation
{
    /// <summary>The command of the process that validates.</summary>
    public const string ServeCommand = "serve-validated";

    private const string ClientId = "bench", Secret = "a secret of the benchmark";
    private const int Rounds = 3, Connections = 32;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(4);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubProcess.StartAsync(database, new Dictionary<string, string?>
        {
            [$"Hub__Identity__Clients__{ClientId}__Name"] = "Benchmark",
            [$"Hub__Identity__Clients__{ClientId}__Secrets__0__Sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Secret))),
            [$"Hub__Identity__Clients__{ClientId}__Grants__0"] = "client_credentials",
        });
        await using var hello = ServerProcess.Start(Environment.ProcessPath!, [VersionRead.HelloCommand]);
        await using var validating = ServerProcess.Start(Environment.ProcessPath!, [ServeCommand, hub.Address.GetLeftPart(UriPartial.Authority)]);
        var (bare, guarded) = (await AddressOfAsync(hello), await AddressOfAsync(validating));
        var authorization = $"Authorization: Bearer {await TokenAsync(hub.Address)}\r\n";

        var (validated, hellos) = (new List<double>(), new List<double>());
        await Load.RunAsync(guarded, Connections, Duration, authorization);
        await Load.RunAsync(bare, Connections, Duration, authorization);
        for (var i = 0; i < Rounds; i++)
        {
            validated.Add(await Load.RunAsync(guarded, Connections, Duration, authorization));
            hellos.Add(await Load.RunAsync(bare, Connections, Duration, authorization));
        }
        var (with, without) = (Figure.Median(validated), Figure.Median(hellos));
        return
        [
            Figure.Of($"requests with an access token validated (median of {Rounds} × {Duration.TotalSeconds} s)", with, "requests/s"),
            Figure.Of("the same with the token ignored", without, "requests/s"),
            Figure.Of("one validation, in time of the whole machine", 1e6 * ((1 / with) - (1 / without)), "µs"),
        ];
    }

    /// <summary>The other process: prints its address, and answers until it is ended.</summary>
    public static async Task ServeAsync(string issuer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.Configure<AccessTokenOptions>(options => options.Issuer = issuer);
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<INotifications, NoNotifications>().AddAuthorization().AddAccessTokenScheme("api", mustBeBound: false, "");
        await using var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/", (HttpContext context) => context.Response.WriteAsync("hello")).RequireAuthorization(policy => policy.AddAuthenticationSchemes("api").RequireAuthenticatedUser());
        await app.StartAsync();
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        await app.WaitForShutdownAsync();
    }

    private static Task<Uri> AddressOfAsync(ServerProcess process) => Eventually.GetAsync(() => Task.FromResult(new Uri(process.Log.Trim(), UriKind.RelativeOrAbsolute)), address => address.IsAbsoluteUri);

    private static async Task<string> TokenAsync(Uri hub)
    {
        using var client = new HttpClient { BaseAddress = hub };
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ClientId}:{Uri.EscapeDataString(Secret)}")));
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "client_credentials" });
        using var answer = await client.PostAsync("/connect/token", form);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
    }

    /// <summary>An API without other replicas.</summary>
    private sealed class NoNotifications : INotifications, IDisposable
    {
        public IDisposable Subscribe(string channel, Action<Notification> handler) => this;

        public void Dispose()
        {
        }
    }
}
