using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>
/// Reads a kubeconfig file (client-go "Config", v1): one context of it, with CA, client certificate, token, token file, or credential program.
/// Passwords, the removed auth-provider plugins, proxies and <c>insecure-skip-tls-verify</c> are refused by name.
/// </summary>
internal sealed class Kubeconfig
{
    private static readonly YamlLimits Limits = new(FileBytes: 4 * 1024 * 1024, Depth: 32, Nodes: 50_000);
    private readonly string _path;
    private readonly JsonNode? _root;

    private Kubeconfig(string path, JsonNode? root) => (_path, _root) = (path, root);

    /// <param name="context">The context to take; null takes the file's current one.</param>
    /// <exception cref="InvalidDataException">The file cannot be used; the message says where and why.</exception>
    public static async Task<ClusterConfig> LoadAsync(string path, string? context, TimeProvider clock, CancellationToken ct)
    {
        var read = YamlReader.Read(await File.ReadAllBytesAsync(path, ct), path, Limits);
        if (read.HasErrors || read.Documents.Count == 0)
            throw new InvalidDataException(read.Diagnostics.Count > 0 ? read.Diagnostics[0].ToString() : $"{path} is empty.");
        return new Kubeconfig(path, YamlJson.ToJson(read.Documents[0])).Choose(context, clock);
    }

    private ClusterConfig Choose(string? context, TimeProvider clock)
    {
        var name = context ?? _root.Text("current-context") ?? throw Unusable("names no current-context", "kubectl config use-context NAME");
        var chosen = Named("contexts", name, "context");
        var cluster = Named("clusters", chosen.Text("cluster") ?? "", "cluster");
        var user = chosen.Text("user") is { Length: > 0 } userName ? Named("users", userName, "user") : null;

        foreach (var (section, key) in ((JsonObject? Section, string Key)[])
            [(cluster, "insecure-skip-tls-verify"), (cluster, "proxy-url"), (user, "username"), (user, "auth-provider")])
            if (section.At(key) is not null && section.Flag(key) != false)
                throw Unusable($"uses \"{key}\", which the agent does not support", "a certificate authority and a token, client certificate or exec plugin");

        if (!Uri.TryCreate(cluster.Text("server"), UriKind.Absolute, out var server) || server.Scheme is not ("https" or "http"))
            throw Unusable($"has no usable server address for context \"{name}\"", "server: https://HOST:PORT");
        return new(server, Authorities(cluster), cluster.Text("tls-server-name"), Credentials(user, clock));
    }

    private JsonObject? Named(string list, string name, string key) =>
        _root.Objects(list).FirstOrDefault(item => item.Text("name") == name)?[key] as JsonObject
        ?? throw Unusable($"has no entry \"{name}\" under {list}", "an existing context (kubectl config get-contexts)");

    private X509Certificate2Collection? Authorities(JsonNode? cluster)
    {
        if (Pem(cluster, "certificate-authority") is not { } pem)
            return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities;
    }

    private ClusterCredentials Credentials(JsonNode? user, TimeProvider clock)
    {
        if (user.At("exec") is { } exec)
            return new ExecCredentials(
                exec.Text("command") ?? throw Unusable("has an exec plugin without a command", "command: PROGRAM"),
                [.. exec.Texts("args")],
                exec.Objects("env").Where(item => item.Text("name") is not null).ToDictionary(item => item.Text("name")!, item => item.Text("value") ?? ""),
                exec.Text("apiVersion") ?? "client.authentication.k8s.io/v1", clock);
        if (user.Text("tokenFile") is { Length: > 0 } tokenFile)
            return new TokenFileCredentials(Resolve(tokenFile), clock);
        var certificate = Pem(user, "client-certificate") is { } pem && Pem(user, "client-key") is { } key ? X509Certificate2.CreateFromPem(pem, key) : null;
        return new FixedCredentials(user.Text("token"), certificate);
    }

    /// <summary>Inline data goes before a file, as client-go has it.</summary>
    private string? Pem(JsonNode? section, string key)
    {
        if (section.Text(key + "-data") is { Length: > 0 } data)
            try
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(data));
            }
            catch (FormatException)
            {
                throw Unusable($"has a {key}-data that is not base64", "kubectl config view --raw --flatten");
            }
        return section.Text(key) is { Length: > 0 } file ? File.ReadAllText(Resolve(file)) : null;
    }

    private string Resolve(string file) => Path.GetFullPath(file, Path.GetDirectoryName(Path.GetFullPath(_path))!);

    private InvalidDataException Unusable(string what, string remedy) => new($"The kubeconfig {_path} {what}. Expected: {remedy}.");
}
