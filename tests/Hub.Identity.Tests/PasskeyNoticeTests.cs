using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Who adds or removes a passkey in somebody's account does not do so unnoticed.</summary>
public sealed class PasskeyNoticeTests(MailFixture fixture) : IClassFixture<MailFixture>
{
    [Fact]
    public async Task A_passkey_that_is_added_or_removed_is_told_by_mail()
    {
        using var person = await PasskeyPerson.CreateAsync(fixture);
        Assert.Contains("A passkey was added", (await NoticeAsync(person)).Text, StringComparison.Ordinal);
        using var further = new SoftwareAuthenticator(fixture.Issuer);
        await person.AddAsync(further, "The key of Mallory");
        Assert.Contains("“The key of Mallory”", (await NoticeAsync(person)).Text, StringComparison.Ordinal);

        await person.Flow.Browser.GetAsync($"/account/security/passkeys/edit?id={System.Buffers.Text.Base64Url.EncodeToString(person.Authenticator.CredentialId)}");
        await person.Flow.Browser.SubmitAsync(("action", "remove"));

        Assert.Contains("A passkey was removed", (await NoticeAsync(person)).Text, StringComparison.Ordinal);
    }

    private Task<ReceivedEmail> NoticeAsync(PasskeyPerson person) => fixture.Mail.WaitForAsync(person.Flow.Email, "security change");
}
