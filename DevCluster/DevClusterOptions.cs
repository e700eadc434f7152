namespace CodeZero.DevCluster;

/// <summary>How a <see cref="DevClusterServer"/> behaves.</summary>
public sealed record DevClusterOptions
{
    /// <summary>Port on the loopback address, 0 to 65535. Default 0: a free one.</summary>
    public int Port { get; init; }

    /// <summary>Address to listen on. Default 127.0.0.1.</summary>
    public System.Net.IPAddress Address { get; init; } = System.Net.IPAddress.Loopback;

    /// <summary>Directory that keeps objects, certificate authority and token over restarts. Default null: memory only.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>File to write the administrator's kubeconfig to, mode 0600, when the server is ready. Default null: none.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>File that says whose tokens are believed beside the cluster's own (an AuthenticationConfiguration of Kubernetes). Default null: nobody's.</summary>
    public string? AuthenticationConfigPath { get; init; }

    /// <summary>Time until a pod that can run is ready, and until a job's pod has ended. Default 200 ms.</summary>
    public TimeSpan PodStartDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest time a deleted pod stays, whatever its grace period. Default 100 ms.</summary>
    public TimeSpan PodStopDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Time from a write of a role or binding until requests are decided by it, as an API server decides by a cache that follows its store. Default 20 ms.</summary>
    public TimeSpan AuthorizationDelay { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Writes remembered for watches that start in the past, at least 1; older starting points are answered 410. Default 10,000.</summary>
    public int WatchHistory { get; init; } = 10_000;

    /// <summary>Time between bookmarks on a watch that allows them. Default 10 s.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock. Default the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Ends the watches when the server stops.</summary>
    internal CancellationToken Stopping { get; init; }
}
