using System.Net;
using CodeZero.Testing;

namespace CodeZero.Benchmarks;

/// <summary>The sign-in page's form, loaded once and sent again and again, as many browsers would.</summary>
internal sealed class SignInForm : IDisposable
{
    public const string Password = "sturdy-lantern-meadow-42";

    private readonly HttpClient _client;
    private readonly string _cookies, _token;

    private SignInForm(HttpClient client, string cookies, string token) => (_client, _cookies, _token) = (client, cookies, token);

    public static async Task<SignInForm> LoadAsync(Uri hub)
    {
        using var browser = new Browser(hub);
        await browser.GetAsync("/signin");
        const string field = "name=\"__RequestVerificationToken\" type=\"hidden\" value=\"";
        var at = browser.Page.IndexOf(field, StringComparison.Ordinal) + field.Length;
        return new(new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = hub },
            string.Join("; ", browser.Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")), browser.Page[at..browser.Page.IndexOf('"', at)]);
    }

    /// <summary>Accounts with this password, made over the API.</summary>
    public static async Task<IReadOnlyList<string>> SignUpAsync(Uri hub, int count)
    {
        using var client = new HttpClient { BaseAddress = hub };
        var emails = new List<string>();
        for (var i = 0; i < count; i++)
            emails.Add((await TestAccount.MakeAsync(client, $"person-{Guid.CreateVersion7():N}@example.com", Password)).Email);
        return emails;
    }

    /// <summary>Sends the form; the whole answer is read.</summary>
    /// <exception cref="InvalidOperationException">The answer was neither the way on nor the form again.</exception>
    public async Task<bool> SendAsync(string email, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/signin")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["__RequestVerificationToken"] = _token, ["Input.Email"] = email, ["Input.Password"] = password }),
        };
        request.Headers.Add("Cookie", _cookies);
        using var answer = await _client.SendAsync(request);
        return answer.StatusCode switch
        {
            HttpStatusCode.SeeOther => true,
            HttpStatusCode.UnprocessableEntity => false,
            var other => throw new InvalidOperationException($"The sign-in answered {(int)other}."),
        };
    }

    public void Dispose() => _client.Dispose();
}
