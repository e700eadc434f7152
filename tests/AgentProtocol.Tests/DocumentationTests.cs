using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

/// <summary>The examples of docs/agent-protocol.md are what this code reads, signs and digests.</summary>
public sealed class DocumentationTests
{
    private static readonly Guid Cluster = Guid.Parse("0195a000-0000-7000-8000-000000000001"), Organization = Guid.Parse("0195a000-0000-7000-8000-000000000002");
    private readonly string _page = File.ReadAllText(Path.Combine(Root(), "docs", "agent-protocol.md"));
    private readonly EcPublicKey _hub = EcPublicKey.Parse("""{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""").Value;
    private readonly EcPublicKey _approver = EcPublicKey.Parse("""{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0","y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}""").Value;

    [Fact]
    public void The_example_state_verifies_and_its_install_is_approved()
    {
        var accepted = StateVerifier.Verify(Block("json state-envelope"), [_hub], new(Cluster, Organization), null, Sample.Now).Value;
        Assert.Equal(Block("json state"), accepted.State.ToCanonicalJson());
        Says(accepted.Digest.ToString());

        var install = Assert.Single(accepted.State.Installs);
        Assert.Equal(Block("json install"), InstallDigest.ToCanonicalJson(Cluster, Organization, install));
        Says(InstallDigest.Of(Cluster, Organization, install).ToString());

        var documents = Sample.Blobs(Sample.Manifest, Block("json approvals"), Block("jwe"));
        var root = new TrustRoot(TrustMode.Approved, [new(_hub)], [new(_approver)]);
        var verified = InstallVerifier.Check(accepted.State, install, documents, root, Sample.Provisioners, Sample.Now).Value;
        Assert.Equal([_approver.Thumbprint], verified.Approved!.Approvers);
        Says(install.Approval.ToString()!);
        Says(_hub.Thumbprint);
        Says(_approver.Thumbprint);
    }

    [Fact]
    public void The_example_inputs_open()
    {
        using var bob = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Base64Url.DecodeFromChars("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"),
        });
        var key = EcPrivateKey.FromPem(bob.ExportPkcs8PrivateKeyPem()).Value;
        Says(key.PublicKey.Thumbprint);
        Assert.Equal("hunter2", SealedInputs.Open(key, Cluster, Sample.Id(1), Block("jwe")).Value.Answers["ADMIN_PASSWORD"]);
    }

    [Fact]
    public void The_example_token_is_one()
    {
        var token = EnrolmentToken.Parse(Encoding.ASCII.GetString(Block("token"))).Value;
        Assert.Equal((Organization, Cluster), (token.Organization, token.Cluster));
        Says(token.Hash.ToString());
    }

    [Fact]
    public void Every_code_is_explained_as_in_the_code() =>
        Assert.All(RefusalCode.All, code => Says($"| `{code}` | {RefusalCode.Explain(code)} |"));

    private void Says(string what) => Assert.Contains(what, _page, StringComparison.Ordinal);

    private byte[] Block(string label)
    {
        var start = _page.IndexOf($"```{label}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"There is no block {label}.");
        start += label.Length + 4;
        return Encoding.UTF8.GetBytes(_page[start.._page.IndexOf("\n```", start, StringComparison.Ordinal)]);
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CodeZero.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run inside the repository.");
        return folder;
    }
}
