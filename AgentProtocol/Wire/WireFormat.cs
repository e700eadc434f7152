using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CodeZero.AgentProtocol.Wire;

/// <summary>How one kind of message is read and written: its size, its members, and what must hold between them.</summary>
/// <param name="name">What people call it, to begin a sentence with.</param>
/// <param name="problems">What is wrong with a value, one sentence each, the first one first; may rely on those before it.</param>
internal sealed class WireFormat<T>(string name, int maxBytes, JsonTypeInfo<T> type, Func<T, IEnumerable<string>> problems) where T : class
{
    private const int LongestReason = 300;

    /// <summary>Reads JSON in any layout.</summary>
    public Checked<T> Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > maxBytes)
            return new Refusal(RefusalCode.MessageSize, $"{name} has {json.Length} bytes; at most {maxBytes} are allowed.");
        T? value;
        try
        {
            value = JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException e)
        {
            return Malformed(Describe(e));
        }
        if (value is null)
            return Malformed("it is null.");
        return problems(value).FirstOrDefault() is { } problem ? Malformed(problem) : value;
    }

    /// <summary>Reads what was signed: there is one way to write each value (RFC 8785), and any other is refused.</summary>
    public Checked<T> ReadCanonical(ReadOnlySpan<byte> json)
    {
        var read = Read(json);
        return read.Accepted && !Write(read.Value).AsSpan().SequenceEqual(json) ? Malformed("it is not in canonical form (RFC 8785).") : read;
    }

    /// <summary>The value as canonical JSON.</summary>
    /// <exception cref="ArgumentException">The value breaks the format's rules; the other side would refuse it.</exception>
    public byte[] Write(T value)
    {
        if (problems(value).FirstOrDefault() is { } problem)
            throw new ArgumentException($"{name}: {problem}", nameof(value));
        var json = CanonicalJson.Serialize(JsonSerializer.SerializeToElement(value, type));
        return json.Length <= maxBytes
            ? json
            : throw new ArgumentException($"{name} has {json.Length} bytes; at most {maxBytes} are allowed.", nameof(value));
    }

    /// <summary>The place and the reason; the serializer names the place only in messages that are its own, and at their end.</summary>
    private static string Describe(JsonException e)
    {
        var end = e.Message.IndexOf(" Path: ", StringComparison.Ordinal);
        var what = end < 0 ? e.Message : e.Message[..end];
        return e.Path is null ? what : $"at {Rules.Excerpt(e.Path, LongestReason / 2)}: {what}";
    }

    private Refusal Malformed(string what) =>
        new(RefusalCode.MessageFormat, $"{name} cannot be read: {Rules.Excerpt(what, LongestReason)}");
}
