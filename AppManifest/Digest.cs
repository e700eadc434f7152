using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CodeZero.AppManifest;

/// <summary>A content address: <c>sha256:</c> and 64 lower-case hexadecimal digits. Every immutable thing in CodeZero is named by one.</summary>
public readonly record struct Digest
{
    private const string Prefix = "sha256:";
    private const int HexLength = 64;
    private readonly string? _text;

    private Digest(string text) => _text = text;

    /// <summary>The digest of these bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return new(Prefix + Convert.ToHexStringLower(hash));
    }

    /// <summary>Reads <c>sha256:&lt;64 hex&gt;</c>; upper-case digits, other algorithms and other lengths are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + HexLength || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        foreach (var c in text.AsSpan(Prefix.Length))
            if (!char.IsAsciiHexDigitLower(c))
                return false;
        digest = new(text);
        return true;
    }

    /// <exception cref="FormatException">The text is not <c>sha256:&lt;64 lower-case hex digits&gt;</c>.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out var digest) ? digest : throw new FormatException("A digest is written sha256:<64 lower-case hexadecimal digits>.");

    public override string ToString() => _text ?? "";
}
