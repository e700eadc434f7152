using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace CodeZero.Hub.Clusters.Tests;

/// <summary>Requests and answers as tests read them.</summary>
internal static class Http
{
    public static Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, object body) => client.PostAsJsonAsync(path, body);

    /// <summary>The answer's JSON, which must have this status.</summary>
    public static async Task<JsonElement> JsonAsync(this Task<HttpResponseMessage> answer, int status = 200)
    {
        using var response = await answer;
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"Expected {status}, got {(int)response.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }

    /// <summary>The answer must be a refusal with this status and code.</summary>
    public static async Task<JsonElement> RefusedAsync(this Task<HttpResponseMessage> answer, HttpStatusCode status, string code)
    {
        using var response = await answer;
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"Expected {(int)status} {code}, got {(int)response.StatusCode}: {text}");
        var problem = JsonElement.Parse(text);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("detail").GetString()));
        return problem;
    }

    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    public static Guid Id(this JsonElement json) => json.GetProperty("id").GetGuid();

    public static IReadOnlyList<JsonElement> Items(this JsonElement json) => [.. json.GetProperty("items").EnumerateArray()];

    /// <summary>One link of an install's chain.</summary>
    public static JsonElement Step(this JsonElement install, string step) => install.GetProperty("chain").EnumerateArray().Single(link => link.Text("step") == step);
}
