using System.Collections.Frozen;
using System.Text;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// Words that passwords are made of, and what people do to them. The list has some four thousand; each stands for itself in every disguise, and for every pair
/// with another.
/// </summary>
internal static class CommonPasswords
{
    private const int ShortestWord = 3;
    private static readonly FrozenSet<string> Words = Read();

    /// <summary>Whether the text, disguises undone, is one or two of the words; <paramref name="more"/> are words of the account.</summary>
    public static bool Cover(string text, IReadOnlySet<string> more) => Cores(text).Any(core => IsMadeOf(core, more));

    /// <summary>The words of an account: those that stand in its address, names, and organizations, and each of these as one.</summary>
    public static IReadOnlySet<string> WordsOf(IEnumerable<string> context) => context
        .SelectMany(text => text.ToLowerInvariant().Split(['@', '.', '-', '_', '+', ' ', '\'', ',', '&']).Append(text.ToLowerInvariant().Split('@')[0]))
        .Select(word => Fold(word, 'i', keepDigits: true)).Where(word => word.Length >= ShortestWord).ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// What may be under the disguise. Digits in a word are letters or dropped; of those around it the nearest may be its own letters still (<c>sunshin31987</c>), the
    /// others are dropped; a 1 is an i or an l. <c>P@ssw0rd-2024!</c> → <c>password</c>.
    /// </summary>
    private static IEnumerable<string> Cores(string text)
    {
        const string around = "0123456789!?.,;:-_+*#&%/()[]{}<>=~^'\" ";
        var lower = text.ToLowerInvariant();
        var (start, end) = (lower.Length - lower.TrimStart(around.ToCharArray()).Length, lower.TrimEnd(around.ToCharArray()).Length);
        foreach (var from in Nearest(start).Append(0).Distinct())
            foreach (var behind in Nearest(lower.Length - end).Append(0).Distinct())
                if (from < lower.Length - behind)
                {
                    yield return Fold(lower[from..^behind], 'i', keepDigits: true);
                    yield return Fold(lower[from..^behind], 'l', keepDigits: true);
                }
        yield return Fold(lower, 'i', keepDigits: false);

        // To drop all of so many, or all but the nearest one to four.
        static IEnumerable<int> Nearest(int count) => Enumerable.Range(0, 5).Select(kept => Math.Max(0, count - kept));
    }

    private static bool IsMadeOf(string core, IReadOnlySet<string> more)
    {
        var backwards = string.Concat(core.Reverse());
        return Is(core) || Is(backwards) || IsPair(core);

        bool Is(string word) => Words.Contains(word) || more.Contains(word);
        bool IsPair(string pair) => Enumerable.Range(ShortestWord, Math.Max(0, pair.Length - 2 * ShortestWord + 1)).Any(at => Is(pair[..at]) && Is(pair[at..]));
    }

    private static string Fold(string text, char one, bool keepDigits)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var character in text)
            if (char.IsLetter(character))
                plain.Append(character);
            else if (character is '@' or '$' or '€')
                plain.Append(character switch { '@' => 'a', '$' => 's', _ => 'e' });
            else if (keepDigits && (char.IsAsciiDigit(character) || character == '!'))
                plain.Append(character switch { '0' => 'o', '1' or '!' => one, '2' => 'z', '3' => 'e', '4' => 'a', '5' => 's', '6' or '9' => 'g', '7' => 't', _ => 'b' });
        return plain.ToString();
    }

    private static FrozenSet<string> Read()
    {
        using var reader = new StreamReader(typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return reader.ReadToEnd().Split('\n').Where(line => !line.StartsWith('#')).SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .ToFrozenSet(StringComparer.Ordinal);
    }
}
