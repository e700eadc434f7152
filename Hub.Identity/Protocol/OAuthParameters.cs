using Microsoft.AspNetCore.WebUtilities;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// The parameters of a request, from a query string or a form body. Names are case-sensitive; a parameter without a value counts as omitted
/// (RFC 6749 §3.1, §3.2); one that comes twice has no value. Only <c>resource</c> may come several times (RFC 8707 §2).
/// </summary>
internal sealed class OAuthParameters
{
    private const int MaxCount = 50;
    private const string Resource = "resource";
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _repeated = new(StringComparer.Ordinal);

    /// <summary>The value, or null when it is absent, empty or repeated.</summary>
    public string? this[string name] => !_repeated.Contains(name) && _values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>The first parameter that comes more than once, which no request may have; null when none does.</summary>
    public string? FirstRepeated => _repeated.Min;

    /// <summary>True when there are more parameters than any request of ours has.</summary>
    public bool IsOverlong { get; private init; }

    /// <summary>Every <c>resource</c>, each once, in the order sent.</summary>
    public IReadOnlyList<string> Resources { get; private init; } = [];

    /// <summary>Whether the parameter is there at all, with a value or without.</summary>
    public bool Contains(string name) => _values.ContainsKey(name);

    public bool IsRepeated(string name) => _repeated.Contains(name);

    /// <summary>Reads <c>application/x-www-form-urlencoded</c> text, with or without a leading question mark.</summary>
    public static OAuthParameters Parse(string? encoded)
    {
        var count = 0;
        var values = new List<(string, string)>();
        foreach (var pair in new QueryStringEnumerable(encoded))
        {
            if (++count > MaxCount)
                return new() { IsOverlong = true };
            values.Add((pair.DecodeName().ToString(), pair.DecodeValue().ToString()));
        }
        var parameters = new OAuthParameters { Resources = [.. values.Where(pair => pair is (Resource, { Length: > 0 })).Select(pair => pair.Item2).Distinct(StringComparer.Ordinal)] };
        foreach (var (name, value) in values)
            if (name != Resource && !parameters._values.TryAdd(name, value))
                parameters._repeated.Add(name);
        return parameters;
    }
}
