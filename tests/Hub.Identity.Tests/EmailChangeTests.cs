using System.Net;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Another e-mail address: confirmed where it is, announced where it was.</summary>
public sealed class EmailChangeTests(MailFixture fixture) : IClassFixture<MailFixture>
{
    [Fact]
    public async Task A_new_address_is_used_once_it_is_confirmed_and_the_old_one_hears_of_it()
    {
        using var person = await Someone.SignUpAsync(fixture);
        var (old, address) = (person.Email, Someone.NewEmail());
        using var elsewhere = await person.ElsewhereAsync();

        var link = await AskAsync(person, address);
        Assert.True(await Someone.IsSignedInAsync(await person.ElsewhereAsync())); // nothing has changed yet
        await person.Browser.GetAsync(link);
        Assert.Contains(address, person.Browser.Page, StringComparison.Ordinal);
        Assert.Equal("/account", (await person.Browser.SubmitAsync()).Headers.Location!.ToString());

        Assert.Contains("another e-mail address", (await person.MailAsync("security change", old)).Text, StringComparison.Ordinal);
        Assert.False(await Someone.IsSignedInAsync(elsewhere));
        Assert.True(await Someone.IsSignedInAsync(person.Browser));
        Assert.False(await Someone.IsSignedInAsync(await person.ElsewhereAsync()));
        person.Email = address;
        Assert.True(await Someone.IsSignedInAsync(await person.ElsewhereAsync()));
    }

    [Fact]
    public async Task U13_A_confirmation_works_once_for_an_hour_and_for_who_asked()
    {
        using var person = await Someone.SignUpAsync(fixture);
        using var other = await Someone.SignUpAsync(fixture);
        var address = Someone.NewEmail();
        var link = await AskAsync(person, address);

        await Refusal.IsPageAsync(await other.Browser.GetAsync(link), address);
        await other.Browser.GetAsync("/account/email"); // for the antiforgery token
        var token = other.Browser.Page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];
        await Refusal.IsPageAsync(await other.Browser.PostAsync(link, ("__RequestVerificationToken", token)), address);
        using var nobody = new Browser(fixture.Hub.Address);
        Assert.StartsWith("/signin?returnUrl=%2Faccount%2Femail%2Fconfirm", (await nobody.GetAsync(link)).Headers.Location!.ToString(), StringComparison.Ordinal);
        await person.Browser.GetAsync(link);
        Assert.Equal(HttpStatusCode.SeeOther, (await person.Browser.SubmitAsync()).StatusCode);
        await Refusal.IsPageAsync(await person.Browser.GetAsync(link));
        var late = await AskAsync(person, Someone.NewEmail());
        fixture.Clock.Advance(TimeSpan.FromMinutes(61));
        using var again = new Browser(fixture.Hub.Address);
        await again.SignInAsync(address, person.Password);
        await Refusal.IsPageAsync(await again.GetAsync(late));
    }

    [Fact]
    public async Task U07_Who_asks_for_anothers_address_does_not_learn_that_it_is_anothers()
    {
        using var person = await Someone.SignUpAsync(fixture);
        using var owner = await Someone.SignUpAsync(fixture);
        var free = Someone.NewEmail();

        var first = await AnswerAsync(owner.Email);
        var second = await AnswerAsync(free);

        Assert.Equal(second, first);
        var told = await owner.MailAsync("stays with your account");
        Assert.DoesNotContain("token=", told.Text, StringComparison.Ordinal);
        await person.MailAsync("Confirm this address", free);

        async Task<string> AnswerAsync(string address)
        {
            await person.Browser.GetAsync("/account/email");
            var (last, _) = await person.Browser.FollowAsync(await person.Browser.SubmitAsync(("email", address)));
            return last.StatusCode + System.Text.RegularExpressions.Regex.Replace(person.Browser.Page.Replace(address, "(the address)", StringComparison.Ordinal), "value=\"[^\"]*\"", "");
        }
    }

    [Fact]
    public async Task An_address_that_somebody_took_meanwhile_is_not_taken_from_them()
    {
        using var person = await Someone.SignUpAsync(fixture);
        var address = Someone.NewEmail();
        var link = await AskAsync(person, address);
        await person.Browser.GetAsync(link);
        await TestAccount.MakeAsync(fixture.Hub, address, Flow.Password, findToken: fixture.FindTokenAsync);

        await Refusal.IsPageAsync(await person.Browser.SubmitAsync());

        Assert.True(await Someone.IsSignedInAsync(person.Browser));
        using var owner = new Browser(fixture.Hub.Address);
        await owner.SignInAsync(address, Flow.Password);
        Assert.True(await Someone.IsSignedInAsync(owner));
    }

    [Fact]
    public async Task An_address_that_was_never_confirmed_can_be()
    {
        using var person = await Someone.SignUpAsync(fixture);
        await fixture.ExecuteAsync("update identity.users set email_confirmed = false where email = $1", person.Email);
        await person.Browser.GetAsync("/account");
        Assert.Contains("not confirmed", person.Browser.Page, StringComparison.Ordinal);

        await person.Browser.GetAsync(await AskAsync(person, person.Email));
        await person.Browser.SubmitAsync();

        Assert.True(await fixture.QueryAsync<bool>("select email_confirmed from identity.users where email = $1", person.Email));
        Assert.True(await Someone.IsSignedInAsync(person.Browser));
    }

    [Fact]
    public async Task What_a_person_wants_to_be_called_is_kept_and_can_be_taken_back()
    {
        using var person = await Someone.SignUpAsync(fixture);

        await person.Browser.GetAsync("/account");
        await person.Browser.FollowAsync(await person.Browser.SubmitAsync(("name", " <i>Zoë</i> ")));
        Assert.Contains("&lt;i&gt;Zo", person.Browser.Page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await person.Browser.SubmitAsync(("name", "two\nlines"))).StatusCode);
        await person.Browser.SubmitAsync(("name", " "));

        Assert.True(await fixture.QueryAsync<bool>("select name is null from identity.users where email = $1", person.Email));
    }

    private static async Task<string> AskAsync(Someone person, string address)
    {
        await person.Browser.GetAsync("/account/email");
        Assert.Equal("/account", (await person.Browser.SubmitAsync(("email", address))).Headers.Location!.ToString());
        return (await person.MailAsync("Confirm this address", address)).Link;
    }
}
