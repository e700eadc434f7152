using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.AppManifest;

/// <summary>
/// JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 code units, no white space, shortest escapes, ECMAScript numbers.
/// What is signed or addressed by digest is always in this form.
/// </summary>
public static class CanonicalJson
{
    private const int MaxDepth = 64;

    /// <summary>The canonical UTF-8 bytes of a JSON value.</summary>
    /// <exception cref="FormatException">
    /// A number is not finite in IEEE 754 double precision, a member name stands twice, nesting exceeds 64, or a string has half a surrogate pair.
    /// </exception>
    public static byte[] Serialize(JsonElement value)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        try
        {
            Write(output, value, 0);
        }
        // What JsonElement throws for escapes such as \uD800 alone, which no UTF-8 can hold.
        catch (InvalidOperationException e)
        {
            throw new FormatException("A string has half a surrogate pair.", e);
        }
        return output.WrittenSpan.ToArray();
    }

    /// <inheritdoc cref="Serialize(JsonElement)"/>
    public static byte[] Serialize(JsonNode? value)
    {
        if (value is null)
            return "null"u8.ToArray();
        using var document = JsonDocument.Parse(value.ToJsonString(), new JsonDocumentOptions { MaxDepth = MaxDepth });
        return Serialize(document.RootElement);
    }

    /// <summary>Canonicalizes JSON text.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    /// <inheritdoc cref="Serialize(JsonElement)" path="/exception"/>
    public static byte[] Canonicalize(ReadOnlyMemory<byte> utf8Json)
    {
        using var document = JsonDocument.Parse(utf8Json, new JsonDocumentOptions { MaxDepth = MaxDepth });
        return Serialize(document.RootElement);
    }

    /// <summary>Whether these bytes already are canonical JSON. Bytes that are no JSON at all are not.</summary>
    public static bool IsCanonical(ReadOnlyMemory<byte> utf8Json)
    {
        try
        {
            return Canonicalize(utf8Json).AsSpan().SequenceEqual(utf8Json.Span);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return false;
        }
    }

    private static void Write(ArrayBufferWriter<byte> output, JsonElement value, int depth)
    {
        if (depth > MaxDepth)
            throw new FormatException($"JSON nests deeper than {MaxDepth} levels.");
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, value, depth);
                break;
            case JsonValueKind.Array:
                output.Write("["u8);
                var first = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!first)
                        output.Write(","u8);
                    first = false;
                    Write(output, item, depth + 1);
                }
                output.Write("]"u8);
                break;
            case JsonValueKind.String:
                WriteString(output, value.GetString()!);
                break;
            case JsonValueKind.Number:
                output.Write(Encoding.ASCII.GetBytes(FormatNumber(value)));
                break;
            case JsonValueKind.True:
                output.Write("true"u8);
                break;
            case JsonValueKind.False:
                output.Write("false"u8);
                break;
            case JsonValueKind.Null:
                output.Write("null"u8);
                break;
            default:
                throw new FormatException("An undefined JSON value has no canonical form.");
        }
    }

    private static void WriteObject(ArrayBufferWriter<byte> output, JsonElement value, int depth)
    {
        var members = value.EnumerateObject().ToList();
        members.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        output.Write("{"u8);
        for (var i = 0; i < members.Count; i++)
        {
            if (i > 0)
            {
                if (members[i].Name == members[i - 1].Name)
                    throw new FormatException($"The member \"{members[i].Name}\" stands twice in one object.");
                output.Write(","u8);
            }
            WriteString(output, members[i].Name);
            output.Write(":"u8);
            Write(output, members[i].Value, depth + 1);
        }
        output.Write("}"u8);
    }

    private static void WriteString(ArrayBufferWriter<byte> output, string text)
    {
        var escaped = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
            _ = c switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\b' => escaped.Append("\\b"),
                '\f' => escaped.Append("\\f"),
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                < ' ' => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        output.Write(Encoding.UTF8.GetBytes(escaped.Append('"').ToString()));
    }

    /// <summary>ECMA-262 Number::toString: what RFC 8785 §3.2.2.3 asks for.</summary>
    private static string FormatNumber(JsonElement value)
    {
        if (!value.TryGetDouble(out var number) || !double.IsFinite(number))
            throw new FormatException($"The number {value.GetRawText()} does not fit a double.");
        if (number == 0)
            return "0";

        // "R" gives the shortest digits that round-trip, as ECMAScript does; only the layout differs.
        var (digits, exponent) = Decompose(Math.Abs(number).ToString("R", CultureInfo.InvariantCulture));
        var sign = number < 0 ? "-" : "";
        var length = digits.Length;
        return sign + exponent switch
        {
            >= 1 and <= 21 when length <= exponent => digits + new string('0', exponent - length),
            >= 1 and <= 21 => digits[..exponent] + "." + digits[exponent..],
            > -6 and <= 0 => "0." + new string('0', -exponent) + digits,
            _ => Scientific(digits, exponent - 1),
        };
    }

    private static string Scientific(string digits, int exponent)
    {
        var mantissa = digits.Length == 1 ? digits : digits[..1] + "." + digits[1..];
        return mantissa + "e" + (exponent > 0 ? "+" : "-") + Math.Abs(exponent).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Splits a positive number into its significant digits and n, such that the value is 0.digits × 10ⁿ.</summary>
    private static (string Digits, int Exponent) Decompose(string shortest)
    {
        var parts = shortest.Split('E');
        var power = parts.Length == 2 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? parts[0] : parts[0][..point];
        var all = whole + (point < 0 ? "" : parts[0][(point + 1)..]);
        var digits = all.TrimStart('0');
        return (digits.TrimEnd('0'), whole.Length - (all.Length - digits.Length) + power);
    }
}
