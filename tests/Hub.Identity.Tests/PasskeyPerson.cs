using System.Net;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>A person with a password and a passkey.</summary>
internal sealed class PasskeyPerson : IDisposable
{
    public const string AddPage = "/account/security/passkeys/new";

    private readonly IdentityFixture _fixture;

    private PasskeyPerson(IdentityFixture fixture, Flow flow, SoftwareAuthenticator authenticator) => (_fixture, Flow, Authenticator) = (fixture, flow, authenticator);

    public Flow Flow { get; }
    public SoftwareAuthenticator Authenticator { get; }

    /// <summary>A new person, signed in, who adds a passkey by the page.</summary>
    public static async Task<PasskeyPerson> CreateAsync(IdentityFixture fixture, bool backupEligible = false, uint counter = 0)
    {
        var person = new PasskeyPerson(fixture, await Flow.SignUpAsync(fixture), new SoftwareAuthenticator(fixture.Issuer) { BackupEligible = backupEligible, Counter = counter });
        Assert.Equal("/account/security", (await person.AddAsync(person.Authenticator)).Headers.Location?.ToString());
        return person;
    }

    /// <summary>Adds a passkey at the browser where the person is signed in.</summary>
    public async Task<HttpResponseMessage> AddAsync(SoftwareAuthenticator authenticator, string name = "", Action<SoftwareAuthenticator.Ceremony>? change = null)
    {
        await Flow.Browser.GetAsync(AddPage);
        return await Flow.Browser.SubmitPasskeyAsync(options => authenticator.Create(options, change), ("Name", name));
    }

    /// <summary>Answers a new browser's sign-in page.</summary>
    public async Task<(HttpResponseMessage Response, Browser Browser)> SignInAsync(Action<SoftwareAuthenticator.Ceremony>? change = null)
    {
        var browser = new Browser(_fixture.Hub.Address);
        await browser.GetAsync("/signin");
        return (await browser.SubmitPasskeyAsync(options => Authenticator.Get(options, change)), browser);
    }

    /// <summary>Whether an answer to the sign-in page signs in; anything between yes and a plain no fails the test.</summary>
    public async Task<bool> SignsInAsync(Action<SoftwareAuthenticator.Ceremony>? change = null)
    {
        var (response, browser) = await SignInAsync(change);
        using (browser)
            return IsSignedIn(response, browser);
    }

    public static bool IsSignedIn(HttpResponseMessage response, Browser browser)
    {
        var signedIn = browser.Cookies.ContainsKey("codezero-session");
        Assert.Equal(signedIn ? HttpStatusCode.SeeOther : HttpStatusCode.UnprocessableEntity, response.StatusCode);
        return signedIn;
    }

    public void Dispose()
    {
        Authenticator.Dispose();
        Flow.Browser.Dispose();
    }
}
