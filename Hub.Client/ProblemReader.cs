using System.Globalization;
using System.Text.Json;

namespace CodeZero.Hub.Client;

/// <summary>Reads problem documents (RFC 9457). Answers of proxies in between, which are none, still become a refusal that says so.</summary>
internal static class ProblemReader
{
    public static async Task<HubException> ReadAsync(HttpResponseMessage response, TimeSpan? retryAfter, CancellationToken ct)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(ct);
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } problem)
                return FromProblem(response, problem, retryAfter);
        }
        catch (JsonException)
        {
            return Plain(response, retryAfter);
        }
        return Plain(response, retryAfter);
    }

    private static HubException FromProblem(HttpResponseMessage response, JsonElement problem, TimeSpan? retryAfter)
    {
        var members = problem.EnumerateObject()
            .GroupBy(member => member.Name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last().Value.Clone(), StringComparer.Ordinal);
        var detail = Text(members, "detail") ?? Text(members, "title") ?? Plain(response, null).Message;
        return new HubException(response.StatusCode, Text(members, "code") ?? Code(response), detail)
        {
            Diagnostics = List(members, "diagnostics"),
            Errors = Fields(members),
            Members = members,
            RetryAfter = retryAfter,
            TraceId = Text(members, "traceId"),
        };
    }

    private static HubException Plain(HttpResponseMessage response, TimeSpan? retryAfter) =>
        new(response.StatusCode, Code(response), string.Create(CultureInfo.InvariantCulture,
            $"The Hub's address answered {(int)response.StatusCode} {response.ReasonPhrase} without saying why. Something between here and the Hub may have answered in its place."))
        { RetryAfter = retryAfter };

    private static string Code(HttpResponseMessage response) => string.Create(CultureInfo.InvariantCulture, $"http.{(int)response.StatusCode}");

    private static string? Text(Dictionary<string, JsonElement> members, string name) =>
        members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IReadOnlyList<ManifestDiagnostic> List(Dictionary<string, JsonElement> members, string name) =>
        members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.Deserialize(WireJson.Default.IReadOnlyListManifestDiagnostic) ?? []
            : [];

    private static IReadOnlyDictionary<string, IReadOnlyList<string>> Fields(Dictionary<string, JsonElement> members) =>
        members.TryGetValue("errors", out var value) && value.ValueKind == JsonValueKind.Object
            ? value.Deserialize(WireJson.Default.IReadOnlyDictionaryStringIReadOnlyListString) ?? new Dictionary<string, IReadOnlyList<string>>()
            : new Dictionary<string, IReadOnlyList<string>>();
}
