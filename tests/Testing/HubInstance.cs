using System.Net;
using System.Net.Sockets;
using CodeZero.Hub.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Testing;

/// <summary>A running Hub on a port of its own, over real HTTP. Its public address and issuer are where it really is.</summary>
public sealed class HubInstance : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HubInstance(WebApplication app, Uri address) => (_app, Address) = (app, address);

    public Uri Address { get; }

    /// <summary>The Hub's services, for arranging and looking; what a test asserts should be seen over HTTP where it can.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a Hub over the database.</summary>
    /// <param name="settings">Further settings, such as <c>Hub:Modules:0</c>.</param>
    /// <param name="configure">Further services or routes' services, before the Hub's own.</param>
    /// <param name="map">Further routes.</param>
    /// <param name="publicUrl">The address another replica is known by; default: its own.</param>
    /// <param name="host">The host name in its own address. Browsers have passkeys on <c>localhost</c>, and on no network address.</param>
    public static async Task<HubInstance> StartAsync(TestDatabase database, IReadOnlyDictionary<string, string?>? settings = null,
        Action<IServiceCollection>? configure = null, Action<WebApplication>? map = null, Uri? publicUrl = null, string host = "127.0.0.1")
    {
        // Bound before the Hub is built, so that its settings can say where it will be.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var address = new Uri($"http://{host}:{((IPEndPoint)socket.LocalEndPoint!).Port}");
        var hub = (publicUrl ?? address).GetLeftPart(UriPartial.Authority);
        var app = HubApplication.Build(HubApplication.CreateBuilder([], builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["urls"] = $"http://{socket.LocalEndPoint}",
                ["Hub:PublicUrl"] = hub,
                ["Hub:Identity:Issuer"] = hub,
                ["Hub:Database:Application"] = database.Application,
                ["Hub:Identity:Limits:SignUpsPerMinute"] = "10000",
                ["Hub:Identity:Limits:SignInsPerMinute"] = "10000",
                ["Hub:Identity:Limits:DeviceCodesPerMinute"] = "10000",
                ["Hub:Identity:Limits:AuthorizationsPerMinute"] = "10000",
                ["Hub:Identity:Limits:TokenRequestsPerMinute"] = "10000",
                ["Hub:RateLimits:AddressPerMinute"] = "100000",
                ["Hub:DataProtection:MasterKeyFile"] = TestKeys.MasterKeyFile,
            });
            builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
            builder.WebHost.UseSockets();
            builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = _ => socket);
            builder.Logging.SetMinimumLevel(LogLevel.Warning);
            builder.Services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = 1000); // tests sign in often; how hard a hash is, is not what they look at
            configure?.Invoke(builder.Services);
        }));
        try
        {
            map?.Invoke(app);
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            socket.Dispose();
            throw;
        }
        return new(app, address);
    }

    /// <summary>A client without any credentials.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
