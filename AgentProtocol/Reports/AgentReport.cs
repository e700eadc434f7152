using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>What an agent says about its cluster, complete. Protocol §8.</summary>
/// <param name="Capabilities">What this agent can do beyond the protocol's version, at most 64 words.</param>
/// <param name="Serial">The last accepted state's; null before the first.</param>
/// <param name="StateDigest">The last accepted state's; null before the first.</param>
/// <param name="Refusals">What was refused since the last report and still is, at most 2,100.</param>
public sealed record AgentReport(
    Guid Cluster, string AgentVersion, string KubernetesVersion, IReadOnlyList<string> Capabilities, long? Serial, Digest? StateDigest, DateTimeOffset SentAt,
    IReadOnlyList<InstallReport> Installs, IReadOnlyList<ReportedRefusal> Refusals)
{
    /// <summary>4 MiB.</summary>
    public const int MaxBytes = 4 << 20;

    private const int MaxRefusals = DesiredState.MaxInstalls + 100;
    private static readonly WireFormat<AgentReport> Format = new("The report", MaxBytes, WireJson.Additive.AgentReport, Problems);

    public static Checked<AgentReport> Parse(ReadOnlySpan<byte> json) => Format.Read(json);

    /// <summary>This report; when it is larger than <see cref="MaxBytes"/>, with texts left out of the installs that have most of them, each of which says so.</summary>
    public AgentReport CutToFit() => ReportSize.Fit(this);

    /// <summary>Canonical JSON.</summary>
    /// <exception cref="ArgumentException">The report breaks a limit.</exception>
    public byte[] ToJson() => Format.Write(this);

    private static IEnumerable<string> Problems(AgentReport report)
    {
        if (!Rules.IsText(report.AgentVersion, 64) || !Rules.IsText(report.KubernetesVersion, 64))
            yield return "agentVersion and kubernetesVersion must be 1 to 64 characters.";
        if (report.Capabilities.Count > 64 || report.Capabilities.Any(c => !Rules.IsText(c, 64)))
            yield return "capabilities must hold at most 64 words of 1 to 64 characters.";
        if (report.Serial is < 1 or > DesiredState.MaxSerial || report.Serial is null != report.StateDigest is null)
            yield return "serial and stateDigest must name the same accepted state, or both be null.";
        if (report.Installs.Count > DesiredState.MaxInstalls || report.Refusals.Count > MaxRefusals)
            yield return $"at most {DesiredState.MaxInstalls} installs and {MaxRefusals} refusals fit a report.";
        for (var i = 0; i < report.Installs.Count; i++)
            foreach (var problem in report.Installs[i] is { } install ? InstallReport.Problems(install) : ["is null."])
                yield return $"installs[{i}]: {problem}";
        if (report.Installs.Select(i => i.Id).Distinct().Count() != report.Installs.Count)
            yield return "an install stands twice.";
        if (report.Refusals.Any(r => r is null || !Rules.IsText(r.Code, 64) || r.Detail.Length > ReportedRefusal.MaxDetail))
            yield return $"a refusal has a code of 1 to 64 and a detail of at most {ReportedRefusal.MaxDetail} characters.";
    }
}

/// <summary>A refusal in a report.</summary>
/// <param name="Install">The install it concerns; null when it concerns the whole state.</param>
public sealed record ReportedRefusal(string Code, string Detail, Guid? Install)
{
    /// <summary>The longest detail, in characters.</summary>
    public const int MaxDetail = 1000;
}
