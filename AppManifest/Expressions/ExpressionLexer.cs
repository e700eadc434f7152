using System.Globalization;
using System.Text;

namespace CodeZero.AppManifest.Expressions;

internal enum TokenKind { End, Number, Text, Name, Regex, Symbol }

/// <param name="Text">The name or symbol, a string's content, or a regular expression's pattern.</param>
/// <param name="Flags">Of a regular expression.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Position, string Flags = "", double Number = 0);

/// <summary>Cuts an expression into tokens. A slash begins a regular expression wherever a value may begin, since there is no division.</summary>
internal sealed class ExpressionLexer(string source)
{
    private static readonly string[] s_symbols = ["===", "!==", "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "?", ":", "(", ")", "[", "]", ".", ",", ";"];
    private int _at;

    public Token Next()
    {
        while (_at < source.Length && char.IsWhiteSpace(source[_at]))
            _at++;
        if (_at == source.Length)
            return new(TokenKind.End, "the end", _at);
        var c = source[_at];
        if (c is '\'' or '"')
            return Quoted(c);
        if (char.IsAsciiDigit(c))
            return NumberToken();
        if (char.IsAsciiLetter(c) || c is '_' or '$')
            return NameToken();
        if (c == '/')
            return RegexToken();
        foreach (var symbol in s_symbols)
            if (string.CompareOrdinal(source, _at, symbol, 0, symbol.Length) == 0)
            {
                _at += symbol.Length;
                return new(TokenKind.Symbol, symbol, _at - symbol.Length);
            }
        throw Unexpected(c, _at);
    }

    private Token Quoted(char quote)
    {
        var start = _at++;
        var text = new StringBuilder();
        while (_at < source.Length && source[_at] != quote)
        {
            if (source[_at] is '\n' or '\r')
                break;
            text.Append(source[_at] == '\\' ? Escape() : source[_at++]);
        }
        if (_at >= source.Length || source[_at] != quote)
            throw new ExpressionSyntaxException(At(start, "the quote is not closed"));
        _at++;
        return new(TokenKind.Text, text.ToString(), start);
    }

    private char Escape()
    {
        _at++;
        if (_at >= source.Length)
            throw new ExpressionSyntaxException(At(_at, "the escape is not finished"));
        var c = source[_at++];
        return c switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'u' => Hex(4),
            'x' => Hex(2),
            _ when char.IsAsciiLetterOrDigit(c) => throw new ExpressionSyntaxException(At(_at - 1, $"the escape \\{c} is not known")),
            _ => c,
        };
    }

    private char Hex(int digits)
    {
        if (_at + digits > source.Length || !ushort.TryParse(source.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            throw new ExpressionSyntaxException(At(_at, "the escape needs hexadecimal digits"));
        _at += digits;
        return (char)code;
    }

    private Token NumberToken()
    {
        var start = _at;
        while (_at < source.Length && (char.IsAsciiLetterOrDigit(source[_at]) || source[_at] == '.'))
            _at++;
        var text = source[start.._at];
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            throw new ExpressionSyntaxException(At(start, $"\"{Shown.Text(text)}\" is no number"));
        return new(TokenKind.Number, text, start, Number: number);
    }

    private Token NameToken()
    {
        var start = _at;
        while (_at < source.Length && (char.IsAsciiLetterOrDigit(source[_at]) || source[_at] is '_' or '$'))
            _at++;
        return new(TokenKind.Name, source[start.._at], start);
    }

    private Token RegexToken()
    {
        var start = _at++;
        var inClass = false;
        while (_at < source.Length && (inClass || source[_at] != '/') && source[_at] is not ('\n' or '\r'))
        {
            inClass = source[_at] switch { '[' => true, ']' => false, _ => inClass };
            _at += source[_at] == '\\' ? 2 : 1;
        }
        if (_at >= source.Length || source[_at] != '/')
            throw new ExpressionSyntaxException(At(start, "the regular expression is not closed"));
        var pattern = source[(start + 1).._at++];
        var flags = _at;
        while (_at < source.Length && char.IsAsciiLetter(source[_at]))
            _at++;
        return new(TokenKind.Regex, pattern, start, source[flags.._at]);
    }

    private static ExpressionSyntaxException Unexpected(char c, int at) => new(At(at, $"\"{Shown.Text(c.ToString())}\" is not understood"));

    public static string At(int position, string problem) => string.Create(CultureInfo.InvariantCulture, $"At character {position + 1}: {problem}.");
}
