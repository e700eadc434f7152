using System.Globalization;
using CodeZero.EndToEnd.Tests.Harness;
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
/// Reading a published version over HTTP, against the same server program answering "hello" to everything: how much of what the machine can do at all is left after
/// routing, tenancy, database and headers. Both are asked in turns, by the same client, in the same run.
/// </summary>
internal static class VersionRead
{
    /// <summary>The command of the process that says hello.</summary>
    public const string HelloCommand = "serve-hello";

    private const int Rounds = 3;
    private const int Connections = 32;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubProcess.StartAsync(database);
        using var person = await Person.ArriveAsync(hub.Address, "ada");
        await person.CzctlAsync("app", "publish", BuiltOutput.Sample, "--version", "1.0.0", "--visibility", "public");
        await using var hello = ServerProcess.Start(Environment.ProcessPath!, [HelloCommand]);
        var bare = await Eventually.GetAsync(() => Task.FromResult(new Uri(hello.Log.Trim())), address => address.IsAbsoluteUri);
        var version = new Uri(hub.Address, $"/v1/apps/{person.Organization}/vaultwarden/versions/1.0.0");

        var (reads, hellos) = (new List<double>(), new List<double>());
        await Load.RunAsync(version, Connections, Duration);
        await Load.RunAsync(bare, Connections, Duration);
        for (var i = 0; i < Rounds; i++)
        {
            reads.Add(await Load.RunAsync(version, Connections, Duration));
            hellos.Add(await Load.RunAsync(bare, Connections, Duration));
        }
        var connections = Connections.ToString(CultureInfo.InvariantCulture);
        return
        [
            Figure.Of($"version reads, {connections} connections (median of {Rounds} × {Duration.TotalSeconds} s)", Figure.Median(reads), "requests/s"),
            Figure.Of("Kestrel's bare hello, same client", Figure.Median(hellos), "requests/s"),
            Figure.Of("version read as a share of hello", 100 * Figure.Median(reads) / Figure.Median(hellos), "%"),
        ];
    }

    /// <summary>The other process: prints its address, and answers until it is ended.</summary>
    public static async Task ServeHelloAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Run(context => context.Response.WriteAsync("hello"));
        await app.StartAsync();
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        await app.WaitForShutdownAsync();
    }
}
