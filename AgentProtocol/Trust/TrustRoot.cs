using System.Globalization;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>What a cluster's owner asks for before an install is applied.</summary>
public enum TrustMode
{
    /// <summary>The Hub's signature is enough.</summary>
    Hub,

    /// <summary>Each install is approved by keys the Hub does not have.</summary>
    Approved,

    /// <summary>Each version is signed by its publisher; and approved too, when approver keys are listed.</summary>
    Published,
}

/// <summary>A key in the trust root, and what its owner wrote next to it.</summary>
/// <param name="Comment">At most 100 characters; for people only.</param>
public sealed record TrustedKey(EcPublicKey Key, string? Comment = null);

/// <summary>
/// Whom a cluster trusts: the ConfigMap <c>codezero-trust</c> in the agent's namespace, written by the customer and never by the agent or the Hub. Protocol §2.
/// <code>
/// mode: hub | approved | published
/// threshold: "2"            # how many different approver keys; 1 when absent
/// stateKeys: |              # one public JWK per line, with an optional # comment
///   {"crv":"P-256","kty":"EC","x":"…","y":"…"} # hub.example.com
/// approverKeys: |
/// publisherKeys: |
/// </code>
/// </summary>
public sealed record TrustRoot
{
    public const string ConfigMapName = "codezero-trust";
    private const string ModeKey = "mode", ThresholdKey = "threshold", StateKeysKey = "stateKeys", ApproverKeysKey = "approverKeys", PublisherKeysKey = "publisherKeys";
    private const int MaxKeys = 64, MaxComment = 100;

    /// <exception cref="ArgumentException">The root would trust nobody, could never be satisfied, or gives one key two roles.</exception>
    public TrustRoot(
        TrustMode mode, IReadOnlyList<TrustedKey> stateKeys, IReadOnlyList<TrustedKey>? approverKeys = null, IReadOnlyList<TrustedKey>? publisherKeys = null, int threshold = 1)
    {
        (Mode, StateKeys, ApproverKeys, PublisherKeys, Threshold) = (mode, stateKeys, approverKeys ?? [], publisherKeys ?? [], threshold);
        if (Problems().FirstOrDefault() is { } problem)
            throw new ArgumentException(problem);
    }

    public TrustMode Mode { get; }

    /// <summary>Hub keys that sign desired states, 1 to 64.</summary>
    public IReadOnlyList<TrustedKey> StateKeys { get; }

    /// <summary>Keys that approve installs, at most 64.</summary>
    public IReadOnlyList<TrustedKey> ApproverKeys { get; }

    /// <summary>Keys that sign published versions, at most 64.</summary>
    public IReadOnlyList<TrustedKey> PublisherKeys { get; }

    /// <summary>How many different approver keys must approve an install.</summary>
    public int Threshold { get; }

    /// <summary>Whether an install needs approvals.</summary>
    public bool NeedsApproval => Mode == TrustMode.Approved || (Mode == TrustMode.Published && ApproverKeys.Count > 0);

    /// <summary>Whether a version needs its publisher's signature.</summary>
    public bool NeedsPublisher => Mode == TrustMode.Published;

    /// <summary>Reads the ConfigMap's data. A root that cannot be read trusts nobody: on refusal the agent accepts nothing new.</summary>
    public static Checked<TrustRoot> Parse(IReadOnlyDictionary<string, string> data)
    {
        try
        {
            if (data.Keys.FirstOrDefault(k => k is not (ModeKey or ThresholdKey or StateKeysKey or ApproverKeysKey or PublisherKeysKey)) is { } unknown)
                throw new FormatException($"The key {Rules.Excerpt(unknown, 40)} is not known; there are mode, threshold, stateKeys, approverKeys and publisherKeys.");
            return new TrustRoot(ParseMode(data), ParseKeys(data, StateKeysKey), ParseKeys(data, ApproverKeysKey), ParseKeys(data, PublisherKeysKey), ParseThreshold(data));
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return new Refusal(RefusalCode.TrustUnreadable, $"ConfigMap {ConfigMapName}: {e.Message} Nothing is accepted until this is put right.");
        }
    }

    /// <summary>The ConfigMap's data.</summary>
    public IReadOnlyDictionary<string, string> ToData()
    {
        var data = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [ModeKey] = Mode.ToString().ToLowerInvariant(),
            [ThresholdKey] = Threshold.ToString(CultureInfo.InvariantCulture),
            [StateKeysKey] = Lines(StateKeys),
        };
        if (ApproverKeys.Count > 0)
            data[ApproverKeysKey] = Lines(ApproverKeys);
        if (PublisherKeys.Count > 0)
            data[PublisherKeysKey] = Lines(PublisherKeys);
        return data;
    }

    private IEnumerable<string> Problems()
    {
        if (StateKeys.Count == 0)
            yield return "stateKeys is empty: no Hub is trusted.";
        if (StateKeys.Count > MaxKeys || ApproverKeys.Count > MaxKeys || PublisherKeys.Count > MaxKeys)
            yield return $"A list has more than {MaxKeys} keys.";
        var all = StateKeys.Concat(ApproverKeys).Concat(PublisherKeys).ToList();
        if (all.GroupBy(k => k.Key.Thumbprint).FirstOrDefault(g => g.Count() > 1) is { } twice)
            yield return $"The key {twice.Key} stands twice; each key has one role, once.";
        if (all.FirstOrDefault(k => k.Comment is not null && !Rules.IsText(k.Comment, MaxComment)) is { } bad)
            yield return $"The comment of key {bad.Key.Thumbprint} must be one line of 1 to {MaxComment} characters.";
        if (Threshold < 1)
            yield return "threshold must be at least 1.";
        if (NeedsApproval && ApproverKeys.Count < Threshold)
            yield return $"threshold is {Threshold}, but approverKeys lists {ApproverKeys.Count}: no install could ever be approved.";
        if (NeedsPublisher && PublisherKeys.Count == 0)
            yield return "mode is published, but publisherKeys is empty: no version could ever be accepted.";
    }

    private static TrustMode ParseMode(IReadOnlyDictionary<string, string> data) => data.GetValueOrDefault(ModeKey)?.Trim() switch
    {
        "hub" => TrustMode.Hub,
        "approved" => TrustMode.Approved,
        "published" => TrustMode.Published,
        _ => throw new FormatException("mode must be hub, approved or published."),
    };

    private static int ParseThreshold(IReadOnlyDictionary<string, string> data) =>
        !data.TryGetValue(ThresholdKey, out var text) ? 1
        : int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
        : throw new FormatException($"threshold must be a whole number from 1 to {MaxKeys}.");

    private static List<TrustedKey> ParseKeys(IReadOnlyDictionary<string, string> data, string name)
    {
        var keys = new List<TrustedKey>();
        var number = 0;
        foreach (var line in data.GetValueOrDefault(name, "").Split('\n').Select(l => l.Trim()))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (keys.Count == MaxKeys)
                throw new FormatException($"{name} has more than {MaxKeys} keys.");
            var end = line.IndexOf('}', StringComparison.Ordinal) + 1;
            var rest = line[end..].Trim();
            if (end == 0 || (rest.Length > 0 && rest[0] != '#'))
                throw new FormatException($"{name}, line {number}: expected one public JWK and an optional # comment.");
            if (!EcPublicKey.Parse(line[..end]).TryGet(out var key, out var refusal))
                throw new FormatException($"{name}, line {number}: {refusal.Reason}");
            var comment = rest.TrimStart('#').Trim();
            keys.Add(new(key, comment.Length == 0 ? null : comment));
        }
        return keys;
    }

    private static string Lines(IEnumerable<TrustedKey> keys) =>
        string.Concat(keys.Select(k => k.Comment is null ? $"{k.Key}\n" : $"{k.Key} # {k.Comment}\n"));
}
