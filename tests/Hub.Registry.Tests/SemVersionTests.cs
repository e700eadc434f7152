using CodeZero.Hub.Registry.Domain;

namespace CodeZero.Hub.Registry.Tests;

public class SemVersionTests
{
    [Theory]
    [InlineData("0.0.4")]
    [InlineData("1.2.3")]
    [InlineData("10.20.30")]
    [InlineData("1.1.2-prerelease+meta")]
    [InlineData("1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay")]
    [InlineData("1.0.0-0A.is.legal")]
    [InlineData("1.0.0+0.build.1-rc.10000aaa-kk-0.1")]
    [InlineData("1.2.3----RC-SNAPSHOT.12.9.1--.12")]
    [InlineData("999999999999999999.0.0")]
    public void A_version_is_kept_as_written(string text)
    {
        Assert.True(SemVersion.TryParse(text, out var version));
        Assert.Equal(text, version.Text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2")]
    [InlineData("1.2.3.4")]
    [InlineData("v1.2.3")]
    [InlineData("1.2.3 ")]
    [InlineData("01.1.1")]
    [InlineData("1.1.1-01")]
    [InlineData("1.1.1-a..b")]
    [InlineData("1.1.1-")]
    [InlineData("1.1.1+")]
    [InlineData("1.1.1+a+b")]
    [InlineData("1.1.1-ä")]
    [InlineData("-1.1.1")]
    [InlineData("1.1.1-\u0661")]
    [InlineData("1000000000000000000.0.0")]
    public void What_is_no_version_is_refused(string? text) => Assert.False(SemVersion.TryParse(text, out _));

    [Fact]
    public void A_version_of_129_characters_is_refused() => Assert.False(SemVersion.TryParse("1.0.0-" + new string('a', 123), out _));

    /// <summary>The order of SemVer 2.0.0 §11, and what its text sorting could get wrong: digits against letters, dots against hyphens, prefixes.</summary>
    [Fact]
    public void Versions_sort_by_precedence_in_byte_order()
    {
        string[] ascending =
        [
            "0.9.9", "1.0.0--", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-10.a", "1.0.0-A", "1.0.0-a", "1.0.0-a.1", "1.0.0-a-", "1.0.0-a-.1", "1.0.0-alpha", "1.0.0-alpha.1",
            "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0-0", "2.0.0", "10.0.0",
        ];
        // Numbers come before words (§11.4.3); "-" is a word.
        ascending = [ascending[0], .. ascending[2..6], ascending[1], .. ascending[6..]];
        var shuffled = ascending.Reverse().OrderBy(text => text.Length).ToArray();
        Assert.Equal(ascending, shuffled.OrderBy(text => Precedence(text), StringComparer.Ordinal));
    }

    [Fact]
    public void Build_metadata_has_no_part_in_precedence() => Assert.Equal(Precedence("1.0.0+a"), Precedence("1.0.0+b"));

    [Theory]
    [InlineData("1.2.3", "1.2.4")]
    [InlineData("1.2.3+build", "1.2.4")]
    [InlineData("2.0.0-rc.1", "2.0.0")]
    public void The_next_version_is_above(string from, string next)
    {
        Assert.True(SemVersion.TryParse(from, out var version));
        Assert.Equal(next, version.Next().Text);
        Assert.True(string.CompareOrdinal(version.Precedence, version.Next().Precedence) < 0);
    }

    private static string Precedence(string text) => SemVersion.TryParse(text, out var version) ? version.Precedence : throw new ArgumentException(text);
}
