using System.Globalization;
using System.Text.RegularExpressions;
using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>
/// A Kubernetes quantity: <c>500m</c>, <c>1.5</c>, <c>2Gi</c>, <c>1e3</c>. Compared by <see cref="Value"/>, written as it was written.
/// </summary>
public readonly partial record struct Quantity
{
    private readonly string? _text;

    private Quantity(string text, decimal value) => (_text, Value) = (text, value);

    /// <summary>In base units: cores, bytes. Exact, up to 2⁹⁶.</summary>
    public decimal Value { get; }

    /// <summary>Reads a quantity; negative ones, ones below a nano-unit and ones past 2⁹⁶ are refused.</summary>
    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = default;
        if (text is null || text.Length > 40 || Pattern().Match(text) is not { Success: true } match
            || !decimal.TryParse(match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        try
        {
            var value = number * Factor(match.Groups["suffix"].Value);
            if (number != 0 && value < 0.000_000_001m)
                return false;
            quantity = new(text, value);
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    public override string ToString() => _text ?? "0";

    /// <summary>Reads a quantity above zero.</summary>
    internal static Quantity? Read(MappingReader reader, string key, bool required = false)
    {
        if (reader.Text(key, required: required) is not { } text)
            return null;
        if (TryParse(text, out var quantity) && quantity.Value > 0)
            return quantity;
        reader.Error("manifest.value", $"\"{Shown.Text(text)}\" is no quantity above zero. Write a number with a unit, such as 5Gi or 500m.", key);
        return null;
    }

    private static decimal Factor(string suffix) => suffix switch
    {
        "" => 1m,
        "n" => 0.000_000_001m,
        "u" => 0.000_001m,
        "m" => 0.001m,
        "k" => 1e3m,
        "M" => 1e6m,
        "G" => 1e9m,
        "T" => 1e12m,
        "P" => 1e15m,
        "E" => 1e18m,
        "Ki" => 1L << 10,
        "Mi" => 1L << 20,
        "Gi" => 1L << 30,
        "Ti" => 1L << 40,
        "Pi" => 1L << 50,
        "Ei" => 1L << 60,
        _ => PowerOfTen(int.Parse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)),
    };

    private static decimal PowerOfTen(int exponent)
    {
        var power = 1m;
        for (var i = 0; i < Math.Abs(exponent); i++)
            power *= 10m;
        return exponent < 0 ? 1m / power : power;
    }

    [GeneratedRegex(@"\A\+?(?<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?<suffix>|[numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,2})\z")]
    private static partial Regex Pattern();
}
