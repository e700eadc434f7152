using CodeZero.Hub.Identity.Areas.Identity;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Pure rules, where a table says more than a request.</summary>
public sealed class RuleTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Müller & Söhne GmbH", "muller-sohne-gmbh")]
    [InlineData("  ACME,  Inc. ", "acme-inc")]
    [InlineData("Straße", "strasse")]
    [InlineData("7 Zwerge", "org-7-zwerge")]
    [InlineData("admin", "org-admin")]
    [InlineData("日本", "org-1")]
    [InlineData("a", "org-a")]
    [InlineData("An organization with a name that is much longer than any slug", "an-organization-with-a-name-that-is-much")]
    public void A_slug_is_derived_from_any_name(string name, string slug)
    {
        Assert.Equal(slug, Slug.Derive(name));
        Assert.True(Slug.IsValid(slug));
    }

    [Fact]
    public void Numbered_slugs_stay_within_the_length()
    {
        var longest = new string('a', 40);

        Assert.Equal((longest, new string('a', 38) + "-2"), (Slug.WithSuffix(longest, 1), Slug.WithSuffix(longest, 2)));
        Assert.True(Slug.IsValid(Slug.WithSuffix(longest, int.MaxValue)));
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/signout?a=b", true)]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("//evil", false)]
    [InlineData("/\\evil", false)]
    [InlineData("/a\\b", false)]
    [InlineData("/\t/evil", false)]
    [InlineData("https://evil", false)]
    [InlineData("evil", false)]
    public void Only_paths_of_ours_are_local(string? address, bool local) => Assert.Equal(local, ReturnAddress.IsLocal(address));

    [Fact]
    public void The_first_key_signs_at_once_and_its_successor_when_it_ends()
    {
        var first = KeySchedule.PlanNext([], Start)!.Value;
        var key = new KeyPeriod("1", first.From, first.Until);
        Assert.Equal((Start, Start.AddDays(90)), first);
        Assert.Null(KeySchedule.PlanNext([key], Start.AddDays(76).AddTicks(-1)));

        var second = KeySchedule.PlanNext([key], Start.AddDays(76))!.Value;
        Assert.Equal((Start.AddDays(90), Start.AddDays(180)), second);
        KeyPeriod[] keys = [key, new("2", second.From, second.Until)];
        Assert.Null(KeySchedule.PlanNext(keys, Start.AddDays(76)));
        Assert.Equal("1", KeySchedule.FindSigning(keys, Start.AddDays(90).AddTicks(-1))!.Id);
        Assert.Equal("2", KeySchedule.FindSigning(keys, Start.AddDays(90))!.Id);
        Assert.True(KeySchedule.IsPublished(key, Start.AddDays(104).AddTicks(-1)));
        Assert.False(KeySchedule.IsPublished(key, Start.AddDays(104)));
    }

    /// <summary>Replicas start together, one makes the first key, and another one's clock is behind: it had no key to sign with, and answered with 500 until its clock was there.</summary>
    [Fact]
    public void The_first_key_signs_before_its_time_where_the_clock_is_behind()
    {
        KeyPeriod[] keys = [new("1", Start, Start.AddDays(90)), new("2", Start.AddDays(90), Start.AddDays(180))];

        Assert.Equal("1", KeySchedule.FindSigning(keys, Start.AddSeconds(-5))!.Id);
        Assert.Null(KeySchedule.FindSigning(keys, Start.AddDays(180)));
    }

    [Fact]
    public void A_Hub_that_slept_through_the_change_makes_a_key_that_signs_at_once()
    {
        KeyPeriod[] keys = [new("1", Start, Start.AddDays(90))];

        Assert.Equal((Start.AddDays(200), Start.AddDays(290)), KeySchedule.PlanNext(keys, Start.AddDays(200)));
        Assert.Null(KeySchedule.FindSigning(keys, Start.AddDays(200)));
    }

    [Theory]
    [InlineData("https://hub.example", null)]
    [InlineData("https://hub.example:8443", null)]
    [InlineData("http://127.0.0.1:5000", null)]
    [InlineData("http://localhost:5000", null)]
    [InlineData("", "missing")]
    [InlineData("hub.example", "nothing after")]
    [InlineData("https://hub.example/", "nothing after")]
    [InlineData("https://hub.example/path", "nothing after")]
    [InlineData("https://HUB.example", "nothing after")]
    [InlineData("https://hub.example:443", "nothing after")]
    [InlineData("https://user@hub.example", "nothing after")]
    [InlineData("https://hub.example?q", "nothing after")]
    [InlineData("http://hub.example", "must be https")]
    [InlineData("ftp://hub.example", "must be https")]
    public void A_wrong_issuer_stops_the_process_with_the_remedy(string issuer, string? fault)
    {
        var result = new ValidateHubIdentityOptions().Validate(null, new() { Issuer = issuer });

        Assert.Equal(fault is not null, result.Failed);
        if (fault is not null)
            Assert.Contains(fault, result.FailureMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://rp.example/cb", null)]
    [InlineData("https://rp.example/cb?a=b", null)]
    [InlineData("http://127.0.0.1/cb", null)]
    [InlineData("http://[::1]/cb", null)]
    [InlineData("http://127.0.0.1:5000/cb", "must be https")]
    [InlineData("http://localhost/cb", "must be https")]
    [InlineData("http://rp.example/cb", "must be https")]
    [InlineData("https://rp.example/cb#f", "fragment")]
    [InlineData("https://rp.example/cb#", "fragment")]
    [InlineData("https://u@rp.example/cb", "user")]
    [InlineData("https://rp.example/cb?iss=x", "iss")]
    [InlineData("/cb", "absolute")]
    [InlineData("javascript:alert(1)", "must be https")]
    public void A17_Redirect_addresses_that_are_not_safe_cannot_be_registered(string uri, string? fault)
    {
        if (fault is null)
            Assert.Null(RedirectUris.FindFault(uri));
        else
            Assert.Contains(fault, RedirectUris.FindFault(uri), StringComparison.Ordinal);
    }
}
