using System.Text;
using System.Text.RegularExpressions;

namespace CodeZero.AppManifest.Expressions;

/// <summary>JavaScript's regular expressions on .NET's: ASCII classes, a time limit, and <c>$</c> meaning the very end.</summary>
internal static class ScriptRegex
{
    private const int LongestPattern = 500;
    private static readonly TimeSpan s_timeout = TimeSpan.FromMilliseconds(50);

    public static Regex Compile(Token token)
    {
        var options = RegexOptions.ECMAScript;
        foreach (var flag in token.Flags)
            options |= flag switch
            {
                'i' => RegexOptions.IgnoreCase,
                'm' => RegexOptions.Multiline,
                'g' or 'u' => RegexOptions.None,
                _ => throw Fault($"the flag \"{flag}\" of a regular expression is not known; there are i, m, g and u"),
            };
        if (token.Text.Length > LongestPattern)
            throw Fault($"the regular expression has more than {LongestPattern} characters");
        try
        {
            return new Regex(options.HasFlag(RegexOptions.Multiline) ? token.Text : WithAbsoluteEnd(token.Text), options, s_timeout);
        }
        catch (ArgumentException)
        {
            throw Fault("the regular expression cannot be read");
        }

        ExpressionSyntaxException Fault(string problem) => new(ExpressionLexer.At(token.Position, problem));
    }

    /// <summary>.NET's <c>$</c> also matches before a last line feed; JavaScript's does not.</summary>
    private static string WithAbsoluteEnd(string pattern)
    {
        var output = new StringBuilder(pattern.Length + 8);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                output.Append(c).Append(pattern[++i]);
                continue;
            }
            inClass = c switch { '[' => true, ']' => false, _ => inClass };
            output.Append(c == '$' && !inClass ? @"\z" : c.ToString());
        }
        return output.ToString();
    }
}
