using System.Text;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

/// <summary>A cluster, its keys and a state, to take apart.</summary>
internal sealed class Sample
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public Guid Cluster { get; } = Guid.Parse("0195a000-0000-7000-8000-000000000001");
    public Guid Organization { get; } = Guid.Parse("0195a000-0000-7000-8000-000000000002");
    public EcPrivateKey HubKey { get; } = EcPrivateKey.Generate();
    public EcPrivateKey Alice { get; } = EcPrivateKey.Generate();
    public EcPrivateKey Bob { get; } = EcPrivateKey.Generate();
    public EcPrivateKey Publisher { get; } = EcPrivateKey.Generate();
    public EcPrivateKey Stranger { get; } = EcPrivateKey.Generate();
    public AgentIdentity Identity => new(Cluster, Organization);
    public EcPublicKey[] HubKeys => [HubKey.PublicKey];

    public static byte[] Manifest { get; } = """{"appId":"ghost"}"""u8.ToArray();
    public static ProvisionerPin BuiltIn { get; } = new("@provisioner/appengine", "1.0.0", null);
    public static ProvisionerPin[] Provisioners { get; } = [BuiltIn];

    public static Guid Id(int n) => Guid.Parse($"0195a000-0000-7000-9000-{n:d12}");

    public static DesiredInstall Install(int n = 1) => new(
        Id(n), $"ghost-{n}", "web", "acme/ghost", "preview", "1.2.3", Digest.Of(Manifest), BuiltIn, null, null, null, Paused: false, Removed: false, []);

    public DesiredState State(params DesiredInstall[] installs) => new(
        Cluster, Organization, 7, null, Now, Now + DesiredState.Life, installs, new(StatePolicy.DefaultReportSeconds));

    public byte[] Signed(DesiredState state) => state.Sign(HubKey).ToJson();

    public TrustRoot Root(TrustMode mode = TrustMode.Hub, int threshold = 1) => new(
        mode, [new(HubKey.PublicKey)],
        mode == TrustMode.Approved ? [new(Alice.PublicKey, "Alice"), new(Bob.PublicKey, "Bob")] : [],
        mode == TrustMode.Published ? [new(Publisher.PublicKey)] : [], threshold);

    public Approval Approval(DesiredInstall install) => new(
        Cluster, Organization, install.Id, InstallDigest.Of(Cluster, Organization, install), Now, Now.AddDays(1), "Alice <alice@example.com>");

    /// <summary>The install naming its approvals, and the documents it needs.</summary>
    public static (DesiredInstall Install, Dictionary<Digest, ReadOnlyMemory<byte>> Blobs) Approved(DesiredInstall install, params DsseEnvelope[] approvals)
    {
        var set = ApprovalSet.Of(approvals).ToCanonicalJson();
        return (install with { Approval = Digest.Of(set) }, Blobs(Manifest, set));
    }

    public static Dictionary<Digest, ReadOnlyMemory<byte>> Blobs(params byte[][] documents) =>
        documents.ToDictionary(d => Digest.Of(d), d => new ReadOnlyMemory<byte>(d));

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
