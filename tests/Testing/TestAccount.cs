using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CodeZero.Testing;

/// <summary>An account made by the real way over the API: the address, the link in the message to it, the password.</summary>
public sealed partial record TestAccount(string Email, Guid UserId, Guid OrganizationId, string Slug)
{
    /// <param name="organization">Name of the first organization; null names it after the address.</param>
    /// <param name="findToken">Finds the link's token in the message to the address; default: in the Hub's development outbox.</param>
    public static async Task<TestAccount> MakeAsync(HubInstance hub, string email, string password, string? organization = null, Func<string, Task<string>>? findToken = null)
    {
        using var client = hub.CreateClient();
        return await MakeAsync(client, email, password, organization, findToken);
    }

    /// <inheritdoc cref="MakeAsync(HubInstance, string, string, string?, Func{string, Task{string}}?)"/>
    public static async Task<TestAccount> MakeAsync(HttpClient client, string email, string password, string? organization = null, Func<string, Task<string>>? findToken = null)
    {
        using var asked = await client.PostAsJsonAsync("/v1/signup", new { email });
        await ExpectAsync(asked, HttpStatusCode.Accepted);
        var token = findToken is null ? await FindTokenAsync(client, email) : await findToken(email);
        using var made = await client.PostAsJsonAsync("/v1/signup/complete", new { token, password, organization });
        await ExpectAsync(made, HttpStatusCode.Created);
        var account = await made.Content.ReadFromJsonAsync<JsonElement>();
        var first = account.GetProperty("organization");
        return new(email, account.GetProperty("userId").GetGuid(), first.GetProperty("id").GetGuid(), first.GetProperty("slug").GetString()!);
    }

    /// <summary>The token of the newest link that was sent to an address, as the Hub's development outbox shows it.</summary>
    public static async Task<string> FindTokenAsync(HubInstance hub, string email)
    {
        using var client = hub.CreateClient();
        return await FindTokenAsync(client, email);
    }

    private static async Task<string> FindTokenAsync(HttpClient client, string email) => TokenIn(await client.GetStringAsync($"/dev/outbox?to={Uri.EscapeDataString(email)}"));

    /// <summary>The token of the first link in a text.</summary>
    public static string TokenIn(string text) => Token().Match(text) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException($"No link in: {text}");

    private static async Task ExpectAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        if (response.StatusCode != expected)
            throw new InvalidOperationException($"{response.RequestMessage!.RequestUri!.AbsolutePath} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    [GeneratedRegex(@"[?&](?:amp;)?token=([\w-]{43})")]
    private static partial Regex Token();
}
