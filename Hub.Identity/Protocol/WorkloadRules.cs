using System.Text.Json;
using System.Text.RegularExpressions;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A workload as it may be registered.</summary>
/// <param name="Keys">A JWK Set as text.</param>
internal sealed record AcceptedWorkload(string Issuer, string Subject, string Audience, string Keys)
{
    /// <summary>Whether the two cannot be told apart by what a token says.</summary>
    public bool IsSameAs(Workload other) => (other.Issuer, other.Subject, other.Audience) == (Issuer, Subject, Audience);
}

/// <summary>The rules of registering a workload.</summary>
internal static partial class WorkloadRules
{
    /// <summary>The longest issuer, subject and audience, in characters.</summary>
    public const int MaxLength = 400;

    private const int MaxKeys = 10;

    /// <summary>What service accounts' tokens may be signed with.</summary>
    public static readonly IReadOnlyList<string> Algorithms = [SigningAlgorithms.Rs256, SigningAlgorithms.Es256];

    /// <summary>The workload; or what is wrong, by field.</summary>
    public static (AcceptedWorkload? Workload, IReadOnlyDictionary<string, string[]> Faults) Check(WorkloadSettings settings, string issuer, Guid organizationId)
    {
        var keys = settings.Keys.ValueKind == JsonValueKind.Object ? JwkSet.TryRead(settings.Keys) : null;
        var audience = settings.Audience ?? issuer;
        var faults = Find(settings, audience, keys, issuer, ClientRules.ResourcePrefix(issuer, organizationId)).ToDictionary(fault => fault.Field, fault => new[] { fault.Reason });
        return (faults.Count == 0 ? new(settings.Issuer, settings.Subject, audience, JwkSet.ToText(keys!)) : null, faults);
    }

    private static IEnumerable<(string Field, string Reason)> Find(WorkloadSettings settings, string audience, List<ClientKey>? keys, string issuer, string resourcePrefix)
    {
        if (Resources.FindFault(settings.Issuer) is not null || !settings.Issuer.StartsWith("https://", StringComparison.Ordinal))
            yield return ("issuer", "The issuer is an https address, as kube-apiserver's --service-account-issuer has it and the tokens' iss repeats it. It is compared, and never fetched.");
        if (!ServiceAccount().IsMatch(settings.Subject))
            yield return ("subject", "The subject is system:serviceaccount:<namespace>:<name>, one service account alone.");
        if (audience != issuer && (Resources.FindFault(audience) is not null || !audience.StartsWith(resourcePrefix, StringComparison.Ordinal)))
            yield return ("audience", $"The audience is {issuer}, or begins with {resourcePrefix}: a token that is for somebody else, such as the cluster's own API, must be good for nothing here.");
        if (keys is not { Count: >= 1 and <= MaxKeys } || !keys.TrueForAll(key => key.Algorithms.Intersect(Algorithms).Any()))
            yield return ("keys", $"The keys are the cluster's JWK Set ({{\"keys\":[…]}}; kubectl get --raw /openid/v1/jwks) of 1 to {MaxKeys} public keys: RSA of 2048 to 4096 bits for RS256, or P-256 for ES256.");
    }

    [GeneratedRegex(@"\Asystem:serviceaccount:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex ServiceAccount();
}
