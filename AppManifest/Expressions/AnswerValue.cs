using System.Globalization;

namespace CodeZero.AppManifest.Expressions;

/// <summary>A value as expressions see it: undefined, null, a boolean, a number, a text, or a list of texts. Conversions are JavaScript's.</summary>
public readonly struct AnswerValue : IEquatable<AnswerValue>
{
    private static readonly object s_null = new();

    private AnswerValue(object? raw) => Raw = raw;

    internal object? Raw { get; }

    public static AnswerValue Undefined => default;

    public static AnswerValue Null => new(s_null);

    public static AnswerValue Of(bool value) => new(value);

    public static AnswerValue Of(double value) => new(value);

    public static AnswerValue Of(string value) => new(value);

    public static AnswerValue Of(IReadOnlyList<string> value) => new(value);

    public bool IsNullish => Raw is null || ReferenceEquals(Raw, s_null);

    public bool IsTruthy => Raw switch
    {
        null => false,
        bool flag => flag,
        double number => number != 0 && !double.IsNaN(number),
        string text => text.Length > 0,
        IReadOnlyList<string> => true,
        _ => false,
    };

    /// <summary>JavaScript's <c>===</c>.</summary>
    public bool Equals(AnswerValue other) => (Raw, other.Raw) switch
    {
        (double a, double b) => a == b,
        (string a, string b) => a == b,
        (bool a, bool b) => a == b,
        _ => ReferenceEquals(Raw, other.Raw),
    };

    public override bool Equals(object? obj) => obj is AnswerValue other && Equals(other);

    public override int GetHashCode() => Raw?.GetHashCode() ?? 0;

    public static bool operator ==(AnswerValue left, AnswerValue right) => left.Equals(right);

    public static bool operator !=(AnswerValue left, AnswerValue right) => !left.Equals(right);

    /// <summary>JavaScript's <c>==</c>.</summary>
    internal bool LooselyEquals(AnswerValue other)
    {
        if (IsNullish || other.IsNullish)
            return IsNullish && other.IsNullish;
        if (Raw?.GetType() == other.Raw?.GetType())
            return Equals(other);
        if ((Raw, other.Raw) is (string, IReadOnlyList<string>) or (IReadOnlyList<string>, string))
            return ToText() == other.ToText();
        return ToNumber() == other.ToNumber();
    }

    internal double ToNumber() => Raw switch
    {
        bool flag => flag ? 1 : 0,
        double number => number,
        string text => NumberOf(text),
        IReadOnlyList<string> list => NumberOf(string.Join(',', list)),
        null => double.NaN,
        _ => 0,
    };

    internal string ToText() => Raw switch
    {
        bool flag => flag ? "true" : "false",
        double number => NumberText(number),
        string text => text,
        IReadOnlyList<string> list => string.Join(',', list),
        null => "undefined",
        _ => "null",
    };

    private static double NumberOf(string text)
    {
        var trimmed = text.Trim();
        return trimmed.Length == 0 ? 0
            : double.TryParse(trimmed, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) ? number
            : double.NaN;
    }

    private static string NumberText(double number) => double.IsInteger(number) && Math.Abs(number) < 1e15
        ? ((long)number).ToString(CultureInfo.InvariantCulture)
        : number.ToString("R", CultureInfo.InvariantCulture);
}
