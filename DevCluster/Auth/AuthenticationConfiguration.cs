using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;

namespace CodeZero.DevCluster.Auth;

/// <summary>
/// The file that says whose tokens the API server believes (Kubernetes documentation, "Using Authentication Configuration": apiserver.config.k8s.io, AuthenticationConfiguration).
/// What is not supported here is refused: a rule that is read over is a rule that does not hold.
/// </summary>
internal static class AuthenticationConfiguration
{
    private const string Group = "apiserver.config.k8s.io";
    private const int MaxIssuers = 64;

    /// <exception cref="InvalidDataException">The file is no such configuration, or asks for what is not supported; the message names the field.</exception>
    public static async Task<IReadOnlyList<JwtIssuer>> ReadAsync(string path, CancellationToken ct)
    {
        var content = await File.ReadAllBytesAsync(path, ct);
        try
        {
            return Parse(content);
        }
        catch (Exception e) when (e is ConfigurationException or StatusException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <exception cref="ConfigurationException">It is none.</exception>
    /// <exception cref="StatusException">It is no YAML.</exception>
    public static IReadOnlyList<JwtIssuer> Parse(ReadOnlySpan<byte> yaml)
    {
        var root = ConfigurationFields.Of(YamlText.Parse(yaml), "");
        var version = root.Required("apiVersion");
        if (version is not ($"{Group}/v1" or $"{Group}/v1beta1"))
            throw root.Fault("apiVersion", FieldError.NotSupported("", version, [$"{Group}/v1", $"{Group}/v1beta1"]));
        if (root.Required("kind") is var kind and not "AuthenticationConfiguration")
            throw root.Fault("kind", FieldError.NotSupported("", kind, ["AuthenticationConfiguration"]));
        var issuers = root.Objects("jwt").Select(ReadIssuer).ToList();
        root.Finish();
        if (issuers.Count > MaxIssuers)
            throw root.Fault("jwt", FieldError.Invalid("", issuers.Count, $"must have at most {MaxIssuers} items"));
        foreach (var same in issuers.GroupBy(issuer => issuer.Url).Where(same => same.Count() > 1))
            throw root.Fault("jwt", FieldError.Duplicate("", same.Key));
        return issuers;
    }

    private static JwtIssuer ReadIssuer(ConfigurationFields jwt)
    {
        var issuer = jwt.Object("issuer") ?? throw jwt.Fault("issuer", FieldError.Required(""));
        var mappings = jwt.Object("claimMappings") ?? throw jwt.Fault("claimMappings", FieldError.Required(""));
        var read = new JwtIssuer(
            ReadAddress(issuer, "url", issuer.Required("url")), issuer.Text("discoveryURL") is { } discovery ? ReadAddress(issuer, "discoveryURL", discovery) : null, ReadAudiences(issuer), ReadAuthority(issuer),
            ReadMapping(mappings, "username") ?? throw mappings.Fault("username", FieldError.Required("")), ReadMapping(mappings, "groups"),
            [.. jwt.Objects("claimValidationRules").Select(ReadRequiredClaim)], [.. jwt.Objects("userValidationRules").Select(ReadUserRule)]);
        if (read.DiscoveryUrl == read.Url)
            throw issuer.Fault("discoveryURL", FieldError.Invalid("", read.DiscoveryUrl, "discoveryURL must be different from URL"));
        issuer.Finish();
        mappings.Finish();
        jwt.Finish();
        return read;
    }

    /// <summary>https, but for this machine's loopback address, where Kubernetes would want it too.</summary>
    private static string ReadAddress(ConfigurationFields issuer, string field, string url)
    {
        var fault = !Uri.TryCreate(url, UriKind.Absolute, out var address) ? "must be an absolute URL"
            : address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback) ? "URL scheme must be https"
            : address.UserInfo.Length > 0 ? "URL must not contain a username or password"
            : url.Contains('?', StringComparison.Ordinal) ? "URL must not contain a query"
            : url.Contains('#', StringComparison.Ordinal) ? "URL must not contain a fragment"
            : null;
        return fault is null ? url : throw issuer.Fault(field, FieldError.Invalid("", url, fault));
    }

    private static IReadOnlyList<string> ReadAudiences(ConfigurationFields issuer)
    {
        var audiences = issuer.Texts("audiences");
        if (audiences.Count == 0 || audiences.Contains(""))
            throw issuer.Fault("audiences", FieldError.Required("", "at least one, and none empty"));
        if (audiences.Distinct().Count() != audiences.Count)
            throw issuer.Fault("audiences", FieldError.Duplicate("", string.Join(", ", audiences)));
        var policy = issuer.Text("audienceMatchPolicy");
        if (policy is not (null or "MatchAny") || (policy is null && audiences.Count > 1))
            throw issuer.Fault("audienceMatchPolicy", FieldError.Invalid("", policy ?? "", "audienceMatchPolicy must be MatchAny for multiple audiences"));
        return audiences;
    }

    private static string? ReadAuthority(ConfigurationFields issuer)
    {
        var pem = issuer.Text("certificateAuthority");
        if (pem is not null && !IssuerKeys.HoldsCertificate(pem))
            throw issuer.Fault("certificateAuthority", FieldError.Invalid("", "<omitted>", "data does not contain any valid RSA or ECDSA certificates"));
        return pem;
    }

    private static ClaimMapping? ReadMapping(ConfigurationFields mappings, string name)
    {
        if (mappings.Object(name) is not { } mapping)
            return null;
        var read = new ClaimMapping(mapping.Required("claim"), mapping.Text("prefix") ?? throw mapping.Fault("prefix", FieldError.Required("", "prefix is required when claim is set. It can be set to an empty string to disable prefixing")));
        mapping.Finish();
        return read;
    }

    private static RequiredClaim ReadRequiredClaim(ConfigurationFields rule)
    {
        var read = new RequiredClaim(rule.Required("claim"), rule.Text("requiredValue") ?? "");
        rule.Finish();
        return read;
    }

    private static UserRule ReadUserRule(ConfigurationFields rule)
    {
        var expression = rule.Required("expression");
        var read = UserRule.TryParse(expression, rule.Text("message") ?? $"failed expression: {expression}")
            ?? throw rule.Fault("expression", FieldError.NotSupported("", expression, UserRule.Supported));
        rule.Finish();
        return read;
    }
}

/// <summary>The configuration is wrong; the message names the field.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);

/// <summary>The fields of one mapping of the configuration, each to be read; what is left over in the end is not known.</summary>
internal sealed class ConfigurationFields
{
    private readonly JsonObject fields;
    private readonly string path;
    private readonly HashSet<string> read = [];

    private ConfigurationFields(JsonObject fields, string path) => (this.fields, this.path) = (fields, path);

    public static ConfigurationFields Of(JsonNode? node, string path) =>
        node is JsonObject fields ? new(fields, path) : throw new ConfigurationException($"{(path.Length == 0 ? "the file" : path)} must be a mapping");

    public ConfigurationException Fault(string field, FieldError error) => new($"{Path(field)}: {error.Message}");

    public string Required(string field) => Text(field) is { Length: > 0 } text ? text : throw Fault(field, FieldError.Required(""));

    public string? Text(string field) => Read(field) switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => throw Fault(field, FieldError.TypeInvalid("", other, "must be a string")),
    };

    public ConfigurationFields? Object(string field) => Read(field) is { } node ? Of(node, Path(field)) : null;

    public IReadOnlyList<ConfigurationFields> Objects(string field) => [.. Items(field).Select((item, i) => Of(item, $"{Path(field)}[{i}]"))];

    public IReadOnlyList<string> Texts(string field) =>
        [.. Items(field).Select(item => item is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw Fault(field, FieldError.TypeInvalid("", item, "must be a list of strings")))];

    /// <exception cref="ConfigurationException">A field was not read, because DevCluster does not have it.</exception>
    public void Finish()
    {
        if (fields.FirstOrDefault(field => !read.Contains(field.Key)) is { Key: { } unknown })
            throw new ConfigurationException($"{Path(unknown)}: is not a field that DevCluster supports");
    }

    private JsonArray Items(string field) => Read(field) switch
    {
        null => [],
        JsonArray items => items,
        var other => throw Fault(field, FieldError.TypeInvalid("", other, "must be a list")),
    };

    private JsonNode? Read(string field)
    {
        read.Add(field);
        return fields[field];
    }

    private string Path(string field) => path.Length == 0 ? field : $"{path}.{field}";
}
