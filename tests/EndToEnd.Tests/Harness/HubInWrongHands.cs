using System.Globalization;
using CodeZero.AgentProtocol;
using CodeZero.AppManifest;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>Somebody in the Hub's process: has the key that signs desired states, and answers the agent what they like.</summary>
internal sealed class HubInWrongHands
{
    /// <summary>Far beyond what the Hub itself has signed in a test.</summary>
    private static long s_serial = 1_000_000;

    private readonly Platform _platform;
    private readonly Guid _install = Guid.CreateVersion7();

    private HubInWrongHands(Platform platform) => _platform = platform;

    /// <summary>
    /// Gives the agent a state that is right in every way the Hub can make it right, with one install that nobody asked for. The cluster must have at least one
    /// install, which is the pattern.
    /// </summary>
    public static async Task<HubInWrongHands> DeployAsync(Platform platform, Application app, string ns)
    {
        var hub = new HubInWrongHands(platform);
        var now = TimeProvider.System.GetUtcNow();
        var real = SignedStates.Read(await SignedStates.EnvelopeAsync(platform, platform.ClusterId));
        var state = real with
        {
            Serial = Interlocked.Increment(ref s_serial),
            IssuedAt = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()),
            ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()) + DesiredState.Life,
            Installs = [real.Installs[0] with { Id = hub._install, Name = app.AppId, Namespace = ns, Version = "6.6.6", Manifest = app.Digest, Inputs = null }],
        };
        var envelope = state.Sign(await SignedStates.StealKeyAsync(platform)).ToJson();
        platform.Wire.Attacker = (request, passOn) => request switch
        {
            { Path: AgentApi.State } => Task.FromResult(Answer(request, state.Serial, envelope)),
            _ when request.Path == AgentApi.Blob(app.Digest) => Task.FromResult(new SentAnswer(200, [], app.Canonical.ToArray())),
            _ => passOn(),
        };
        // A new start has the agent ask at once.
        await platform.KillAgentAsync();
        platform.StartAgent();
        return hub;
    }

    /// <summary>What the agent last reported about the install; null before it did.</summary>
    public InstallReport? Report => Reports.Select(report => report.Installs.FirstOrDefault(install => install.Id == _install)).LastOrDefault(install => install is not null);

    /// <summary>The codes with which the agent refused the install.</summary>
    public IReadOnlyCollection<string> Refusals =>
        [.. Reports.SelectMany(report => report.Refusals).Where(refusal => refusal.Install == _install).Select(refusal => refusal.Code).Distinct()];

    private IEnumerable<AgentReport> Reports => _platform.Wire.Requests.Where(request => request.Path == AgentApi.Reports).Select(request => AgentReport.Parse(request.Body).Value);

    private static SentAnswer Answer(SentRequest request, long serial, byte[] envelope)
    {
        var tag = $"\"{serial.ToString(CultureInfo.InvariantCulture)}\"";
        var known = request.Headers.Any(header => header.Key.Equals("If-None-Match", StringComparison.OrdinalIgnoreCase) && header.Value.Contains(tag));
        return known ? new(304, [new(AgentApi.NextHeader, ["30"])], []) : new(200, [new("ETag", [tag])], envelope);
    }
}
