using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Jobs;

namespace CodeZero.Hub.Identity.Jobs;

/// <summary>Makes signing keys in time, also on a Hub that nobody uses: a key has to be published for two weeks before it signs.</summary>
internal sealed class RotateSigningKeys(SigningKeyMaintenance keys, TimeProvider clock) : IHubJob
{
    public const string Name = "identity.rotate-signing-keys";

    /// <summary>Every six hours.</summary>
    public const string Cron = "0 20 0/6 * * ?";

    public Task RunAsync(CancellationToken ct) => keys.MakeDueAsync(clock.GetUtcNow(), ct);
}
