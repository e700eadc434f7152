using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>Everything a cluster is to run, complete in itself, signed by the Hub. Protocol §5.</summary>
/// <param name="Cluster">The only cluster it is for.</param>
/// <param name="Organization">The cluster's owner.</param>
/// <param name="Serial">1 to 2^53−1, growing with every new state of this cluster.</param>
/// <param name="Previous">Digest of the state before this one; null for the first.</param>
/// <param name="ExpiresAt">After <paramref name="IssuedAt"/> by at most <see cref="Life"/>.</param>
/// <param name="Installs">At most 2,000; ids are unique, and so are namespace and name together among those not removed.</param>
public sealed record DesiredState(
    Guid Cluster, Guid Organization, long Serial, Digest? Previous, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt,
    IReadOnlyList<DesiredInstall> Installs, StatePolicy Policy)
{
    /// <summary>The DSSE payload type. A change of schema is a new type, so that an older agent refuses what it would misread.</summary>
    public const string PayloadType = "application/vnd.codezero.state.v1+json";

    /// <summary>4 MiB of canonical JSON.</summary>
    public const int MaxBytes = 4 << 20;

    public const int MaxInstalls = 2000;

    /// <summary>The largest serial: what every JSON reader keeps exactly.</summary>
    public const long MaxSerial = Rules.MaxSafeInteger;

    /// <summary>How long a state is good for; the Hub issues a new one each day.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(7);

    private static readonly WireFormat<DesiredState> Format = new("The desired state", MaxBytes, WireJson.Strict.DesiredState, Problems);
    internal static readonly Statement<DesiredState> Statement = new(PayloadType, Format);

    /// <summary>Reads a payload that was already verified, or is only to be looked at; to accept one, use <see cref="StateVerifier"/>.</summary>
    public static Checked<DesiredState> Parse(ReadOnlySpan<byte> canonicalJson) => Format.ReadCanonical(canonicalJson);

    /// <summary>The payload bytes: canonical JSON (RFC 8785).</summary>
    /// <exception cref="ArgumentException">The state breaks a rule and every agent would refuse it.</exception>
    public byte[] ToCanonicalJson() => Format.Write(this);

    /// <summary>What the next state names as <see cref="Previous"/>, and what receipts name.</summary>
    public Digest ToDigest() => Digest.Of(ToCanonicalJson());

    /// <summary><see cref="RefusalCode.StateExpired"/> from <see cref="ExpiresAt"/> on, null before. A state that ends while it is in force stays in force, and that must be said.</summary>
    public Refusal? ExpiryAt(DateTimeOffset now) => ExpiresAt > now ? null : new(RefusalCode.StateExpired,
        $"The state expired at {UtcSeconds.Format(ExpiresAt)} and it is {UtcSeconds.Format(now)}. What runs goes on; the Hub must issue a fresh state.");

    /// <inheritdoc cref="ToCanonicalJson"/>
    public DsseEnvelope Sign(ISigner stateKey) => Statement.Sign(this, stateKey);

    private static IEnumerable<string> Problems(DesiredState state)
    {
        if (state.Serial is < 1 or > MaxSerial)
            yield return $"serial must be 1 to {MaxSerial}.";
        if (state.ExpiresAt <= state.IssuedAt || state.ExpiresAt - state.IssuedAt > Life)
            yield return $"expiresAt must be after issuedAt, by at most {Life.TotalDays} days.";
        if (state.Policy.ReportSeconds is < StatePolicy.MinReportSeconds or > StatePolicy.MaxReportSeconds)
            yield return $"policy.reportSeconds must be {StatePolicy.MinReportSeconds} to {StatePolicy.MaxReportSeconds}.";
        if (state.Installs.Count > MaxInstalls)
            yield return $"installs has {state.Installs.Count} entries; at most {MaxInstalls} are allowed.";
        var ids = new HashSet<Guid>();
        var names = new HashSet<(string, string)>();
        for (var i = 0; i < state.Installs.Count; i++)
        {
            if (state.Installs[i] is not { } install)
            {
                yield return $"installs[{i}] is null.";
                continue;
            }
            foreach (var problem in DesiredInstall.Problems(install))
                yield return $"installs[{i}].{problem}";
            if (!ids.Add(install.Id))
                yield return $"installs[{i}].id stands twice.";
            if (!install.Removed && !names.Add((install.Namespace, install.Name)))
                yield return $"installs[{i}] has the namespace and name of another install.";
        }
    }
}

/// <summary>What the Hub asks of the agent itself.</summary>
/// <param name="ReportSeconds">Longest time between two reports, 10 to 3,600 s.</param>
public sealed record StatePolicy(int ReportSeconds)
{
    public const int MinReportSeconds = 10, MaxReportSeconds = 3600, DefaultReportSeconds = 60;
}
