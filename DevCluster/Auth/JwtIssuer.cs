using System.Text.Json;
using System.Text.RegularExpressions;

namespace CodeZero.DevCluster.Auth;

/// <summary>An issuer of tokens that the API server believes, and who its tokens' subjects are here.</summary>
/// <param name="Url">Byte for byte the tokens' <c>iss</c>.</param>
/// <param name="DiscoveryUrl">Where its discovery document is, when not below <paramref name="Url"/>.</param>
/// <param name="Audiences">A token is for at least one of them.</param>
/// <param name="CertificateAuthority">The certificates that vouch for its address, PEM; null: the system's.</param>
/// <param name="Groups">Null: tokens bring no groups.</param>
internal sealed record JwtIssuer(
    string Url, string? DiscoveryUrl, IReadOnlyList<string> Audiences, string? CertificateAuthority, ClaimMapping Username, ClaimMapping? Groups,
    IReadOnlyList<RequiredClaim> RequiredClaims, IReadOnlyList<UserRule> Rules)
{
    /// <summary>How far an issuer's clock may be ahead; an end is an end (as go-oidc has it, which Kubernetes uses).</summary>
    private static readonly TimeSpan NotBeforeLeeway = TimeSpan.FromMinutes(5);

    public string DiscoveryDocument => DiscoveryUrl ?? Url.TrimEnd('/') + "/.well-known/openid-configuration";

    /// <summary>The user of a token that this issuer signed, or why there is none. Decided by the claims alone.</summary>
    public (User? User, string? Refusal) Decide(JsonElement claims, DateTimeOffset now)
    {
        if (!AudiencesOf(claims).Intersect(Audiences).Any())
            return Refused("the token is for another audience");
        if (Time(claims, "exp") is not { } expires || expires <= now.ToUnixTimeSeconds())
            return Refused("the token has expired");
        if (Time(claims, "nbf") > (now + NotBeforeLeeway).ToUnixTimeSeconds())
            return Refused("the token is not valid yet");
        if (RequiredClaims.FirstOrDefault(required => Text(claims, required.Claim) != required.Value) is { } missing)
            return Refused($"the claim {missing.Claim} is not what it must be");
        if (Username.Claim == "email" && claims.TryGetProperty("email_verified", out var verified) && verified.ValueKind != JsonValueKind.True)
            return Refused("the e-mail address is not verified");
        if (Text(claims, Username.Claim) is not { Length: > 0 } name)
            return Refused($"the claim {Username.Claim} is no name");
        if (GroupsOf(claims) is not { } groups)
            return Refused($"the claim {Groups!.Claim} is no list of groups");
        var user = new User(Username.Prefix + name, "", groups);
        return Rules.FirstOrDefault(rule => !rule.Holds(user)) is { } broken ? Refused(broken.Message) : (user with { Groups = [.. groups, "system:authenticated"] }, null);
    }

    private static (User?, string?) Refused(string reason) => (null, reason);

    /// <summary>A string, or a list of strings (RFC 7519 §4.1.3).</summary>
    private static string[] AudiencesOf(JsonElement claims) => claims.TryGetProperty("aud", out var audience) ? StringsOf(audience) ?? [] : [];

    private string[]? GroupsOf(JsonElement claims) =>
        Groups is null || !claims.TryGetProperty(Groups.Claim, out var groups) ? [] : StringsOf(groups)?.Select(group => Groups.Prefix + group).ToArray();

    private static string[]? StringsOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(item => item.GetString()!)],
        _ => null,
    };

    private static string? Text(JsonElement claims, string name) => claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Time(JsonElement claims, string name) => claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) ? seconds : null;
}

/// <summary>Where a name or groups come from, and what is put before them.</summary>
internal sealed record ClaimMapping(string Claim, string Prefix);

/// <summary>A claim that must be this text.</summary>
internal sealed record RequiredClaim(string Claim, string Value);

/// <summary>
/// A user validation rule. Kubernetes takes any CEL expression; here it is one of two that keep a prefix away from names or groups, which are all that is needed for an issuer such as the Hub.
/// </summary>
/// <param name="Message">What a refusal says.</param>
internal sealed partial record UserRule(string ForbiddenPrefix, bool IsOfGroups, string Message)
{
    public static readonly IReadOnlyList<string> Supported = ["!user.username.startsWith('system:')", "user.groups.all(group, !group.startsWith('system:'))"];

    /// <summary>Null for any other expression.</summary>
    public static UserRule? TryParse(string expression, string message) =>
        OfUsername().Match(expression) is { Success: true } name ? new(name.Groups["prefix"].Value, false, message)
        : OfGroups().Match(expression) is { Success: true } groups ? new(groups.Groups["prefix"].Value, true, message)
        : null;

    public bool Holds(User user) => !(IsOfGroups ? user.Groups : [user.Name]).Any(name => name.StartsWith(ForbiddenPrefix, StringComparison.Ordinal));

    [GeneratedRegex(@"\A\s*!user\.username\.startsWith\((?<quote>['""])(?<prefix>[A-Za-z0-9:._/-]+)\k<quote>\)\s*\z")]
    private static partial Regex OfUsername();

    [GeneratedRegex(@"\A\s*user\.groups\.all\((?<each>[a-z]+),\s*!\k<each>\.startsWith\((?<quote>['""])(?<prefix>[A-Za-z0-9:._/-]+)\k<quote>\)\)\s*\z")]
    private static partial Regex OfGroups();
}
