using System.Globalization;
using System.Text;

namespace CodeZero.Architecture.Tests.BadInput;

/// <summary>
/// A request that is right until it is changed. Path values, query and form are kept as they stand on the wire (percent-encoded, or not, as the change has it), so that
/// anything can be written.
/// </summary>
internal sealed class Draft
{
    public required string Method { get; set; }

    /// <summary>The address with <c>{name}</c> where a value of <see cref="Path"/> goes.</summary>
    public required string Template { get; init; }

    public Dictionary<string, string> Path { get; } = new(StringComparer.Ordinal);
    public List<(string Name, string Value)> Query { get; } = [];
    public List<(string Name, string Value)> Headers { get; } = [];

    /// <summary>Fields of a form; null for a request without one.</summary>
    public List<(string Name, string Value)>? Form { get; set; }

    /// <summary>Any other body.</summary>
    public byte[]? Body { get; set; }

    public string? ContentType { get; set; }

    public void SetHeader(string name, string value)
    {
        Headers.RemoveAll(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        Headers.Add((name, value));
    }

    /// <summary>The bytes to send. Texts of headers and addresses are taken as Latin-1: a character is a byte.</summary>
    public byte[] ToBytes(Uri hub)
    {
        var target = Path.Aggregate(Template, (template, value) => template.Replace($"{{{value.Key}}}", value.Value, StringComparison.Ordinal));
        if (Query.Count > 0)
            target += "?" + Encode(Query);
        var body = Form is null ? Body : Encoding.Latin1.GetBytes(Encode(Form));
        var head = new StringBuilder($"{Method} {target} HTTP/1.1\r\n");
        if (!Headers.Exists(header => header.Name == "Host"))
            head.Append(CultureInfo.InvariantCulture, $"Host: {hub.Authority}\r\n");
        foreach (var (name, value) in Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if ((ContentType ?? (Form is null ? null : "application/x-www-form-urlencoded")) is { } type)
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: {type}\r\n");
        if (body is not null || Method is "POST" or "PUT" or "PATCH")
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body?.Length ?? 0}\r\n");
        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body ?? []];
    }

    private static string Encode(IEnumerable<(string Name, string Value)> pairs) => string.Join('&', pairs.Select(pair => $"{pair.Name}={pair.Value}"));
}

/// <summary>A change that makes a right request a bad one.</summary>
internal sealed record Change(string What, Action<Draft> Apply);
