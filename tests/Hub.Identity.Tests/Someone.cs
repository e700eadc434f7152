using System.Net;
using System.Text.RegularExpressions;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>A person who uses the pages of their account, and reads their mail.</summary>
public sealed partial class Someone : IDisposable
{
    private readonly MailFixture _fixture;

    private Someone(MailFixture fixture, string email)
    {
        (_fixture, Email) = (fixture, email);
        Browser = new(fixture.Hub.Address);
    }

    public Browser Browser { get; }
    public string Email { get; set; }
    public string Password { get; set; } = Flow.Password;

    /// <summary>The authenticator's secret; null without one.</summary>
    public byte[]? Secret { get; private set; }

    public IReadOnlyList<string> RecoveryCodes { get; private set; } = [];

    public static string NewEmail() => $"person-{Guid.CreateVersion7():N}@example.com";

    /// <summary>Signs up by the pages and the mail, and is then signed in.</summary>
    public static async Task<Someone> SignUpAsync(MailFixture fixture, string organization = "")
    {
        var person = new Someone(fixture, NewEmail());
        await person.Browser.GetAsync("/signup");
        await person.Browser.SubmitAsync(("Input.Email", person.Email));
        await person.Browser.GetAsync((await person.MailAsync("Finish signing up")).Link);
        var (last, _) = await person.Browser.FollowAsync(await person.Browser.SubmitAsync(("Input.Password", person.Password), ("Input.Organization", organization)));
        Assert.Equal((HttpStatusCode.OK, "/"), (last.StatusCode, last.RequestMessage!.RequestUri!.AbsolutePath));
        return person;
    }

    /// <summary>The next message to the person.</summary>
    public Task<ReceivedEmail> MailAsync(string subject, string? to = null) => _fixture.Mail.WaitForAsync(to ?? Email, subject);

    /// <summary>Another browser of the person's, where they have given the password; the second factor, if any, is still to be given.</summary>
    public async Task<Browser> ElsewhereAsync()
    {
        var browser = new Browser(_fixture.Hub.Address);
        await browser.SignInAsync(Email, Password);
        return browser;
    }

    /// <summary>Adds an authenticator, whose first code it then has used up.</summary>
    public async Task AddAuthenticatorAsync()
    {
        await Browser.GetAsync("/account/authenticator");
        Secret = OneTimeCodes.Read(WebUtility.HtmlDecode(Spelled().Match(Browser.Page).Groups[1].Value));
        var (last, _) = await Browser.FollowAsync(await Browser.SubmitAsync(("code", Code())));
        Assert.Equal("/account/recovery-codes", last.RequestMessage!.RequestUri!.AbsolutePath);
        RecoveryCodes = Codes(Browser.Page);
        NextStep();
    }

    /// <summary>The authenticator's code, now or some steps of 30 seconds from now.</summary>
    public string Code(int steps = 0) => OneTimeCodes.At(Secret!, _fixture.Clock.GetUtcNow().AddSeconds(30 * steps));

    /// <summary>Until the authenticator shows another code.</summary>
    public void NextStep() => _fixture.Clock.Advance(TimeSpan.FromSeconds(30));

    /// <summary>Whether somebody is signed in at a browser.</summary>
    public static async Task<bool> IsSignedInAsync(Browser browser) => (await browser.GetAsync("/")).StatusCode == HttpStatusCode.OK;

    /// <summary>Recovery codes on a page.</summary>
    public static IReadOnlyList<string> Codes(string page) => [.. RecoveryCode().Matches(page).Select(match => match.Value).Distinct()];

    public void Dispose() => Browser.Dispose();

    [GeneratedRegex("<code>([A-Z2-7 ]+)</code>")]
    private static partial Regex Spelled();

    [GeneratedRegex(@"\b[0-9a-z]{4}(-[0-9a-z]{4}){3}\b")]
    private static partial Regex RecoveryCode();
}
