using System.Globalization;
using System.Text.Json;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Kubernetes;

/// <summary>What a credential plugin of kubectl writes (client.authentication.k8s.io/v1, <c>ExecCredential</c>).</summary>
internal sealed record ExecCredential(string ApiVersion, string Kind, ExecCredential.Content Status)
{
    public const string Version = "client.authentication.k8s.io/v1";

    /// <param name="ExpirationTimestamp">RFC 3339; kubectl asks again after it.</param>
    internal sealed record Content(string ExpirationTimestamp, string Token);

    public static ExecCredential Of(string token, DateTimeOffset expiresAt) =>
        new(Version, "ExecCredential", new(expiresAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), token));

    /// <summary>Checks what kubectl says of itself in <c>KUBERNETES_EXEC_INFO</c>: it must speak this version.</summary>
    /// <param name="info">Null or empty where a person runs the command.</param>
    /// <exception cref="CommandError">It asks for another version, or says what cannot be read.</exception>
    public static void CheckAsker(string? info)
    {
        if (string.IsNullOrEmpty(info))
            return;
        string? asked;
        try
        {
            asked = JsonSerializer.Deserialize<JsonElement>(info) is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("apiVersion", out var version) && version.ValueKind == JsonValueKind.String ? version.GetString() : null;
        }
        catch (JsonException)
        {
            asked = null;
        }
        if (asked != Version)
            throw CommandError.Usage($"kubectl asks for credentials as {asked ?? "something that cannot be read"}, and czctl has them as {Version}.", $"Set the user's exec.apiVersion in the kubeconfig to {Version}.");
    }
}
