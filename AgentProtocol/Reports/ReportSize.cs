using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>Makes reports fit: a Hub takes at most <see cref="AgentReport.MaxBytes"/>, and a report that is too large would be too large again the next time.</summary>
internal static class ReportSize
{
    private const string Note =
        "report.cut: The report on this cluster was too large, so conditions, errors and images of this install were left out of it. `kubectl describe app` has them.";

    /// <summary>Writes no text shorter than canonical JSON does, and hardly any longer.</summary>
    private static readonly WireJson s_json = new(new JsonSerializerOptions(WireJson.Additive.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The report, cut down where that saves most until it fits. What each install came to is told in any case.</summary>
    public static AgentReport Fit(AgentReport report)
    {
        var excess = SizeOf(report, s_json.AgentReport) - AgentReport.MaxBytes;
        if (excess <= 0)
            return report;
        var (installs, refusals) = (report.Installs.ToArray(), report.Refusals.ToArray());
        var cuts = Cuts(installs, Brief, s_json.InstallReport).Concat(Cuts(refusals, refusal => refusal with { Detail = "" }, s_json.ReportedRefusal));
        foreach (var (saving, cut) in cuts.OrderByDescending(cut => cut.Saving).TakeWhile(cut => excess > 0 && cut.Saving > 0))
        {
            cut();
            excess -= saving;
        }
        return report with { Installs = installs, Refusals = refusals };
    }

    /// <summary>How many bytes each item would save, and how it does.</summary>
    private static IEnumerable<(int Saving, Action Cut)> Cuts<T>(T[] items, Func<T, T> shorten, JsonTypeInfo<T> type) => items.Select((item, index) =>
    {
        var brief = shorten(item);
        return (SizeOf(item, type) - SizeOf(brief, type), (Action)(() => items[index] = brief));
    });

    private static InstallReport Brief(InstallReport install) =>
        install with { Steps = [.. install.Steps.Select(step => step with { Detail = null })], Conditions = [], FirstErrors = [Note], Images = [] };

    private static int SizeOf<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type).Length;
}
