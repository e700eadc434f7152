using System.Net.Http.Json;
using System.Text.Json;

namespace CodeZero.Hub.Platform.Tests;

internal static class Answers
{
    /// <summary>The problem's code.</summary>
    internal static async Task<string?> CodeAsync(this HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString();

    internal static string Header(this HttpResponseMessage answer, string name) => string.Join(", ", answer.Headers.GetValues(name));
}
