using System.Net;
using System.Text.RegularExpressions;

namespace CodeZero.Testing;

/// <summary>A person's browser: cookies, forms, and redirects one by one, so that a test sees each.</summary>
public sealed partial class Browser(Uri address) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = address };

    /// <summary>Name and value of every cookie the browser has.</summary>
    public Dictionary<string, string> Cookies { get; } = new(StringComparer.Ordinal);

    /// <summary>What it calls itself; null says nothing.</summary>
    public string? UserAgent { get; init; }

    /// <summary>The page last seen.</summary>
    public string Page { get; private set; } = "";

    /// <summary>Where the page last seen is.</summary>
    public string Location { get; private set; } = "/";

    /// <summary>Loads an address, without following a redirect.</summary>
    public Task<HttpResponseMessage> GetAsync(string to) => SendAsync(new(HttpMethod.Get, to));

    /// <summary>Sends the form of the page last seen back to where it came from, with its hidden fields where the test has no others.</summary>
    public Task<HttpResponseMessage> SubmitAsync(params (string Name, string Value)[] fields) => SubmitToAsync(Location, fields);

    /// <summary>The same, but to another address.</summary>
    public Task<HttpResponseMessage> SubmitToAsync(string to, params (string Name, string Value)[] fields)
    {
        var hidden = HiddenField().Matches(Page).Select(match => (Name: match.Groups["name"].Value, WebUtility.HtmlDecode(match.Groups["value"].Value)));
        return PostAsync(to, [.. hidden.ExceptBy(fields.Select(field => field.Name), field => field.Name), .. fields]);
    }

    /// <summary>What the page last seen asks an authenticator for, as JSON.</summary>
    public string PasskeyOptions => PasskeyOptionsField().Match(Page) is { Success: true } hidden
        ? WebUtility.HtmlDecode(hidden.Groups["value"].Value)
        : throw new InvalidOperationException($"{Location} asks for no passkey: {Page}");

    /// <summary>Has an authenticator answer the page last seen, and sends its form.</summary>
    /// <param name="answer">Makes the credential of the page's options.</param>
    public Task<HttpResponseMessage> SubmitPasskeyAsync(Func<string, string> answer, params (string Name, string Value)[] fields) =>
        SubmitAsync([("Passkey.Credential", answer(PasskeyOptions)), .. fields]);

    /// <summary>Posts a form of one's own making.</summary>
    public Task<HttpResponseMessage> PostAsync(string to, params (string Name, string Value)[] fields) =>
        SendAsync(new(HttpMethod.Post, to) { Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))) });

    /// <summary>Follows redirects within the Hub; ends at a page, or at the address elsewhere that it was sent to.</summary>
    public async Task<(HttpResponseMessage Last, Uri? Elsewhere)> FollowAsync(HttpResponseMessage response)
    {
        for (var redirects = 0; response.Headers.Location is { } location; redirects++)
        {
            if (location.IsAbsoluteUri && location.GetLeftPart(UriPartial.Authority) != address.GetLeftPart(UriPartial.Authority))
                return (response, location);
            if (redirects == 10)
                throw new InvalidOperationException($"Redirected for ever, last to {location}.");
            response = await GetAsync(location.ToString());
        }
        return (response, null);
    }

    /// <summary>Signs in by the page, and follows on to where it leads.</summary>
    public async Task<(HttpResponseMessage Last, Uri? Elsewhere)> SignInAsync(string email, string password, string page = "/signin")
    {
        await GetAsync(page);
        return await FollowAsync(await SubmitAsync(("Input.Email", email), ("Input.Password", password)));
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        if (UserAgent is not null)
            request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (Cookies.Count > 0)
            request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        var response = await _client.SendAsync(request);
        foreach (var cookie in response.Headers.TryGetValues("Set-Cookie", out var set) ? set : [])
        {
            var parts = cookie.Split(';')[0].Split('=', 2);
            if (parts[1].Length == 0)
                Cookies.Remove(parts[0]);
            else
                Cookies[parts[0]] = parts[1];
        }
        if (response.Content.Headers.ContentType?.MediaType == "text/html")
            (Page, Location) = (await response.Content.ReadAsStringAsync(), request.RequestUri!.ToString());
        return response;
    }

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("<input[^>]*?name=\"(?<name>[^\"]+)\" type=\"hidden\" value=\"(?<value>[^\"]*)\"")]
    private static partial Regex HiddenField();

    [GeneratedRegex("value=\"(?<value>[^\"]*)\" data-passkey-options")]
    private static partial Regex PasskeyOptionsField();
}
