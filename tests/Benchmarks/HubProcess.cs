using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.Benchmarks;

/// <summary>A Hub in a process of its own, as it is run.</summary>
internal sealed class HubProcess : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private HubProcess(ServerProcess process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }
    public long ResidentBytes => _process.ResidentBytes;

    /// <summary>Starts a Hub, and returns when it says that it is ready.</summary>
    /// <param name="more">Further settings.</param>
    public static async Task<HubProcess> StartAsync(TestDatabase database, IReadOnlyDictionary<string, string?>? more = null)
    {
        var address = FreeAddress();
        var hub = address.GetLeftPart(UriPartial.Authority);
        var settings = new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = hub,
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["Hub__PublicUrl"] = hub,
            ["Hub__Identity__Issuer"] = hub,
            ["Hub__Database__Application"] = database.Application,
            ["Hub__DataProtection__MasterKeyFile"] = TestKeys.MasterKeyFile,
            ["Hub__Clusters__RequireAcceptance"] = "false",
            ["Hub__Clusters__EnrolmentsPerMinute"] = "1000000",
            ["Hub__Identity__Limits__TokenRequestsPerMinute"] = "1000000",
            ["Hub__Identity__Limits__SignUpsPerMinute"] = "1000000",
            ["Hub__Identity__Limits__SignInsPerMinute"] = "1000000",
            ["Hub__RateLimits__AddressPerMinute"] = "1000000",
            ["Hub__RateLimits__CallerPerMinute"] = "1000000",
            ["Hub__RateLimits__OrganizationPerMinute"] = "1000000",
            ["Logging__LogLevel__Default"] = "Warning",
        };
        var process = ServerProcess.Start("dotnet", [BuiltOutput.Hub], settings.Concat(more ?? new Dictionary<string, string?>()).ToDictionary());
        var started = new HubProcess(process, address);
        using var client = new HttpClient { BaseAddress = address };
        try
        {
            await Eventually.HoldsAsync(async () =>
            {
                using var ready = await client.GetAsync("/readyz");
                return ready.IsSuccessStatusCode;
            });
            return started;
        }
        catch (TimeoutException e)
        {
            await started.DisposeAsync();
            throw new InvalidOperationException($"The Hub did not start:\n{process.Log}", e);
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>An address on this machine where nothing listens.</summary>
    public static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
    }
}
