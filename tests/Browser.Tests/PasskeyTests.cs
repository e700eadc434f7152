using CodeZero.Testing;
using Microsoft.Playwright;

namespace CodeZero.Browser.Tests;

/// <summary>Passkeys as people have them: a real browser, the Hub's own script, and Chromium's authenticator for tests.</summary>
[Collection(BrowserFixture.Sharing.Name)]
public sealed class PasskeyTests(BrowserFixture fixture)
{
    [Fact]
    public async Task A_passkey_is_added_and_signs_in()
    {
        using var person = await TestPerson.SignUpAsync(fixture.Hub);
        await using var visitor = await fixture.OpenAsync();
        var authenticator = await visitor.AddAuthenticatorAsync();
        await SignInByPasswordAsync(visitor, person);

        await visitor.GoAsync("/account/security");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Add a passkey" }).ClickAsync();
        await visitor.FillAsync("Name", "My laptop");
        await visitor.PressAsync("Add a passkey");
        await visitor.ArriveAsync("/account/security");
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("The passkey was added");
        await Assertions.Expect(visitor.Page.GetByText("My laptop").First).ToBeVisibleAsync();
        Assert.Equal(1, await authenticator.CountAsync());

        await visitor.ForgetAsync();
        // The form offers the passkey by itself, and this authenticator takes every offer.
        await visitor.GoAsync("/signin");
        await visitor.ArriveAsync("/");
        await Assertions.Expect(visitor.Page.GetByText(person.Email)).ToBeVisibleAsync();
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task A_device_that_has_a_passkey_of_the_account_gets_no_second_one()
    {
        using var person = await TestPerson.SignUpAsync(fixture.Hub);
        await using var visitor = await fixture.OpenAsync();
        var authenticator = await visitor.AddAuthenticatorAsync();
        await SignInByPasswordAsync(visitor, person);
        await AddPasskeyAsync(visitor);

        await visitor.GoAsync("/account/security/passkeys/new");
        await visitor.PressAsync("Add a passkey");

        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("has a passkey for your account already");
        Assert.Equal(1, await authenticator.CountAsync());
    }

    [Fact]
    public async Task A_finger_that_is_anothers_is_said_and_read_out()
    {
        using var person = await TestPerson.SignUpAsync(fixture.Hub);
        await using var visitor = await fixture.OpenAsync();
        var authenticator = await visitor.AddAuthenticatorAsync();
        await SignInByPasswordAsync(visitor, person);
        await AddPasskeyAsync(visitor);
        await authenticator.FailVerificationAsync();
        await visitor.ForgetAsync();

        await visitor.GoAsync("/signin");
        await visitor.PressAsync("Sign in with a passkey");

        var alert = visitor.Page.GetByRole(AriaRole.Alert);
        await Assertions.Expect(alert).ToContainTextAsync("No passkey was used");
        await Assertions.Expect(alert).ToBeFocusedAsync();
        Assert.Equal("/signin", visitor.Path);
    }

    [Fact]
    public async Task A_passkey_proves_who_changes_the_account()
    {
        using var person = await TestPerson.SignUpAsync(fixture.Hub);
        await using var visitor = await fixture.OpenAsync();
        await visitor.AddAuthenticatorAsync();
        await SignInByPasswordAsync(visitor, person);
        await AddPasskeyAsync(visitor);

        await visitor.GoAsync("/reauthenticate?returnUrl=/account/sessions");
        await visitor.PressAsync("Use a passkey");

        await visitor.ArriveAsync("/account/sessions");
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Without_scripts_the_password_signs_in_and_the_pages_say_what_passkeys_need()
    {
        using var person = await TestPerson.SignUpAsync(fixture.Hub);
        await using var visitor = await fixture.OpenAsync(scripts: false);

        // Scripts that are forbidden by Playwright leave <noscript> unshown, so that its text is looked for in the page's source.
        await visitor.GoAsync("/signin");
        Assert.Contains("A passkey needs JavaScript", await visitor.Page.ContentAsync(), StringComparison.Ordinal);
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in with a passkey" })).ToBeHiddenAsync();
        await SignInByPasswordAsync(visitor, person);
        await visitor.GoAsync("/account/security/passkeys/new");

        Assert.Contains("A passkey needs JavaScript", await visitor.Page.ContentAsync(), StringComparison.Ordinal);
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Add a passkey" })).ToBeHiddenAsync();
    }

    private static async Task SignInByPasswordAsync(Visitor visitor, TestPerson person)
    {
        await visitor.GoAsync("/signin");
        await visitor.FillAsync("E-mail address", person.Email);
        await visitor.FillAsync("Password", TestPerson.Password);
        await visitor.PressAsync("Sign in");
        await visitor.ArriveAsync("/");
    }

    private static async Task AddPasskeyAsync(Visitor visitor)
    {
        await visitor.GoAsync("/account/security/passkeys/new");
        await visitor.PressAsync("Add a passkey");
        await visitor.ArriveAsync("/account/security");
    }
}
