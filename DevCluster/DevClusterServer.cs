using System.Security.Authentication;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Auth;
using CodeZero.DevCluster.Controllers;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Resources.Kinds;
using CodeZero.DevCluster.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace CodeZero.DevCluster;

/// <summary>
/// A Kubernetes API server (semantics of 1.32) with its controllers, in this process. It keeps objects and runs no containers: pods become ready
/// by themselves after <see cref="DevClusterOptions.PodStartDelay"/>.
/// </summary>
public sealed class DevClusterServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ControllerHost controllers;
    private readonly CancellationTokenSource stopping;
    private readonly IDisposable[] owned;

    private DevClusterServer(WebApplication app, ControllerHost controllers, CancellationTokenSource stopping, ClusterIdentity identity, IDisposable[] owned)
    {
        (this.app, this.controllers, this.stopping, this.owned) = (app, controllers, stopping, owned);
        var listening = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        // Who listens everywhere is reached at the loopback address from this machine.
        Url = listening.Host is "0.0.0.0" or "[::]" ? new UriBuilder(listening) { Host = "127.0.0.1" }.Uri : listening;
        CertificateAuthorityPem = identity.Authority.Pem;
        AdminToken = identity.AdminToken;
        Kubeconfig = DevCluster.Kubeconfig.Text(Url, CertificateAuthorityPem, AdminToken);
    }

    /// <summary>Where the API is served: https, loopback unless another address was asked for.</summary>
    public Uri Url { get; }

    /// <summary>Certificate of the authority that signed the server's certificate, PEM.</summary>
    public string CertificateAuthorityPem { get; }

    /// <summary>Bearer token of the administrator (group <c>system:masters</c>).</summary>
    public string AdminToken { get; }

    /// <summary>Text of the administrator's kubeconfig.</summary>
    public string Kubeconfig { get; }

    /// <summary>Starts a cluster and returns when it answers.</summary>
    /// <exception cref="IOException">The port is taken, or the data directory is in use by another process.</exception>
    /// <exception cref="InvalidDataException">The data directory holds something else, or the authentication configuration is wrong.</exception>
    public static async Task<DevClusterServer> StartAsync(DevClusterOptions? options = null, CancellationToken ct = default)
    {
        var stopping = new CancellationTokenSource();
        options = (options ?? new()) with { Stopping = stopping.Token };
        ArgumentOutOfRangeException.ThrowIfLessThan(options.WatchHistory, 1);
        var clock = options.Clock;
        var issuers = options.AuthenticationConfigPath is { } configuration ? await AuthenticationConfiguration.ReadAsync(configuration, ct) : [];
        var journal = options.DataDirectory is { } directory ? new FileJournal(directory) : null;
        var identity = await ClusterIdentity.LoadAsync(options.DataDirectory, clock.GetUtcNow(), ct);

        var store = new ObjectStore(options.WatchHistory, journal as IJournal ?? new NoJournal());
        if (journal is not null)
            store.Restore(journal.Loaded.Objects, journal.Loaded.Version);
        var catalog = new ResourceCatalog();
        store.OnCommit(CustomResources.StorageName, catalog.Follow);
        var rbac = new Rbac(store, clock, options.AuthorizationDelay);
        var service = new ResourceService(store, catalog, new KindRules(store, catalog, rbac), clock);
        var tokens = new ServiceAccountTokens(identity.TokenKey, store, clock);
        Bootstrap.Ensure(service);

        var certificate = identity.Authority.IssueServer(clock.GetUtcNow(), options.Address);
        var app = Build(options, certificate, clock, service, rbac, tokens, identity, issuers);
        var controllers = new ControllerHost(service, options, identity.Authority.Pem, tokens, app.Services.GetRequiredService<ILogger<ControllerHost>>());
        await app.StartAsync(ct);
        controllers.Start();
        var server = new DevClusterServer(app, controllers, stopping, identity, [certificate, identity.Authority, identity.TokenKey, .. journal is null ? Array.Empty<IDisposable>() : [journal]]);
        if (options.KubeconfigPath is { } path)
            await DevCluster.Kubeconfig.WriteAsync(path, server.Kubeconfig, ct);
        return server;
    }

    private static WebApplication Build(DevClusterOptions options, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate, TimeProvider clock,
        ResourceService service, Rbac rbac, ServiceAccountTokens tokens, ClusterIdentity identity, IReadOnlyList<JwtIssuer> issuers)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders().AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ResponseHeaderEncodingSelector = static name => name == "Warning" ? System.Text.Encoding.UTF8 : null;
            kestrel.Limits.MaxRequestBodySize = Http.MaxDrainedBytes;
            kestrel.Listen(options.Address, options.Port, listen => listen.UseHttps(certificate, https => https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13));
        });
        builder.Services.AddSingleton(options).AddSingleton(clock).AddSingleton(service).AddSingleton(service.Catalog).AddSingleton(rbac).AddSingleton(tokens)
            .AddSingleton(provider => new JwtAuthenticator(issuers, clock, provider.GetRequiredService<ILogger<JwtAuthenticator>>()))
            .AddSingleton(provider => new Authenticator(identity.AdminToken, tokens, provider.GetRequiredService<JwtAuthenticator>(), rbac))
            .AddSingleton<TableWriter>().AddSingleton<ListEndpoint>().AddSingleton<WatchEndpoint>().AddSingleton<Subresources>().AddSingleton<Reviews>()
            .AddSingleton<ResourceEndpoints>().AddSingleton<Discovery>().AddSingleton<OpenApiDocuments>().AddSingleton<ApiPipeline>();
        var app = builder.Build();
        app.Run(app.Services.GetRequiredService<ApiPipeline>().HandleAsync);
        return app;
    }

    /// <summary>Ends watches, controllers and the server, and closes the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await controllers.DisposeAsync();
        await app.StopAsync();
        await app.DisposeAsync();
        foreach (var resource in owned)
            resource.Dispose();
        stopping.Dispose();
    }
}
