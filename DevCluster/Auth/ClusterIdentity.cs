using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Auth;

/// <summary>The secrets a cluster is known by: certificate authority, key of the service account tokens, administrator's token.</summary>
internal sealed record ClusterIdentity(CertificateAuthority Authority, ECDsa TokenKey, string AdminToken)
{
    private const string FileName = "identity.json";

    /// <summary>Reads the identity kept in the directory, or makes one (and keeps it, when there is a directory).</summary>
    public static async Task<ClusterIdentity> LoadAsync(string? directory, DateTimeOffset now, CancellationToken ct)
    {
        var path = directory is null ? null : Path.Combine(directory, FileName);
        if (path is not null && File.Exists(path))
            return Read(path);
        var made = new ClusterIdentity(CertificateAuthority.Create(now), ECDsa.Create(ECCurve.NamedCurves.nistP256), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        if (path is null)
            return made;
        var text = new JsonObject
        {
            ["ca.crt"] = made.Authority.Pem, ["ca.key"] = made.Authority.PrivateKeyPem, ["tokens.key"] = made.TokenKey.ExportPkcs8PrivateKeyPem(), ["adminToken"] = made.AdminToken,
        }.ToJsonString();
        File.Delete($"{path}.new");
        await PrivateFile.WriteAsync($"{path}.new", text, ct);
        File.Move($"{path}.new", path);
        return made;
    }

    private static ClusterIdentity Read(string path)
    {
        var json = JsonNode.Parse(File.ReadAllText(path, Encoding.UTF8));
        string Value(string name) => json.StringAt(name) ?? throw new InvalidDataException($"{path} lacks \"{name}\". Restore the file, or start with an empty data directory.");
        var key = ECDsa.Create();
        key.ImportFromPem(Value("tokens.key"));
        return new(CertificateAuthority.FromPem(Value("ca.crt"), Value("ca.key")), key, Value("adminToken"));
    }
}
