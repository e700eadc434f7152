using System.Globalization;

namespace CodeZero.Benchmarks;

/// <summary>One measured figure, with its unit.</summary>
internal sealed record Figure(string Name, string Value)
{
    public static Figure Of(string name, double value, string unit) => new(name, string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {unit}"));

    public static Figure OfBytes(string name, double bytes) => bytes < 1_000_000 ? Of(name, bytes / 1e3, "kB") : Of(name, bytes / 1e6, "MB");

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
