using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>A publisher's word that this manifest is this version of this application. Its envelope is the document <see cref="DesiredInstall.PublisherSignature"/> names.</summary>
public sealed record PublishedVersion(string App, string Version, Digest Manifest)
{
    public const string PayloadType = "application/vnd.codezero.version.v1+json";

    internal static readonly Statement<PublishedVersion> Statement =
        new(PayloadType, new("The publisher's statement", 4096, WireJson.Strict.PublishedVersion, Problems));

    /// <exception cref="ArgumentException">App or version is not in the form <see cref="DesiredInstall"/> describes.</exception>
    public DsseEnvelope Sign(ISigner publisher) => Statement.Sign(this, publisher);

    private static IEnumerable<string> Problems(PublishedVersion version)
    {
        if (!Rules.IsApp(version.App))
            yield return "app must be name or publisher/name.";
        if (!Rules.IsVersion(version.Version))
            yield return "version must be 1 to 128 of the characters 0-9 A-Z a-z . + -.";
    }
}
