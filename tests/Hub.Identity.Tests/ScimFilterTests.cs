using System.Diagnostics;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Scim;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Filters of SCIM (RFC 7644 §3.4.2.2), over three users and a group.</summary>
public sealed class ScimFilterTests
{
    private static readonly JsonObject[] Users =
    [
        Read("""
            {"id":"1","externalId":"Ext-1","userName":"Ada@Example.com","displayName":"Ada \"the first\" Lovelace","active":true,"name":{"givenName":"Ada","familyName":"Lovelace"},
             "emails":[{"value":"ada@example.com","type":"work","primary":true},{"value":"ada@home.example","type":"home"}],"meta":{"created":"2026-01-01T00:00:00.000Z"}}
            """),
        Read("""{"id":"2","userName":"bob@example.com","active":false,"emails":[{"value":"bob@home.example","type":"home"}],"meta":{"created":"2026-06-01T00:00:00.000Z"}}"""),
        Read("""{"id":"3","externalId":"ext-1","userName":"carol@other.example","displayName":"Carol","active":true,"meta":{"created":"2026-12-01T00:00:00.000Z"}}"""),
    ];

    [Theory]
    [InlineData("""userName eq "ada@example.com" """, "1")] // no case where the schema has none
    [InlineData("""USERNAME EQ "ADA@EXAMPLE.COM" """, "1")]
    [InlineData("""externalId eq "ext-1" """, "3")] // and case where it has
    [InlineData("""urn:ietf:params:scim:schemas:core:2.0:User:userName sw "bob" """, "2")]
    [InlineData("""userName ne "bob@example.com" """, "1 3")]
    [InlineData("""displayName ne "Carol" """, "1 2")] // what has no value equals nothing
    [InlineData("""displayName co "the FIRST\"" """, "1")]
    [InlineData("""displayName co "\u0041da" """, "1")]
    [InlineData("""userName ew "example.com" """, "1 2")]
    [InlineData("""userName gt "b" """, "2 3")]
    [InlineData("""userName le "bob@example.com" """, "1 2")]
    [InlineData("""displayName pr""", "1 3")]
    [InlineData("""name pr""", "1")]
    [InlineData("""name.familyName eq "lovelace" """, "1")]
    [InlineData("""displayName eq null""", "2")]
    [InlineData("""displayName ne null""", "1 3")]
    [InlineData("""active eq true""", "1 3")]
    [InlineData("""active eq "False" """, "2")]
    [InlineData("""meta.created ge "2026-06-01T00:00:00Z" """, "2 3")]
    [InlineData("""meta.created lt "2026-06-01T02:00:00+02:00" """, "1")]
    [InlineData("""emails eq "bob@home.example" """, "2")]
    [InlineData("""emails.type eq "home" """, "1 2")]
    [InlineData("""emails[type eq "work" and value co "@example.com"]""", "1")]
    [InlineData("""emails[type eq "work" and value co "home"]""", "")] // of one value, not of two
    [InlineData("""emails[type eq "home"].value eq "ada@home.example" """, "1")]
    [InlineData("""emails[not (type eq "home")]""", "1")]
    [InlineData("""not (emails pr)""", "3")]
    [InlineData("""active eq true and displayName sw "c" or userName eq "bob@example.com" """, "2 3")] // 'and' binds closer
    [InlineData("""active eq true and (displayName sw "c" or userName eq "bob@example.com")""", "3")]
    [InlineData("""  ( ( userName   eq   "bob@example.com" ) )  """, "2")]
    public void A_filter_picks(string filter, string expected)
    {
        var parsed = ScimFilterParser.ParseFilter(filter, ScimSchemas.User);

        Assert.Equal(expected, string.Join(' ', Users.Where(parsed.Matches).Select(user => user["id"]!.GetValue<string>())));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("userName", 9)]
    [InlineData("userName eq", 12)]
    [InlineData("userName eq ada", 13)]
    [InlineData("userName eq 'ada'", 13)]
    [InlineData("userName eq \"ada", 13)]
    [InlineData("userName eq \"a\\ud800\"", 13)]
    [InlineData("userName eq \"a\\u0000\"", 13)]
    [InlineData("userName eq 5", 13)]
    [InlineData("active eq TRUE", 11)] // JSON writes it in lower case
    [InlineData("userName gt null", 13)]
    [InlineData("userName is \"a\"", 10)]
    [InlineData("userName eq \"a\" and", 20)]
    [InlineData("userName eq \"a\" xor active eq true", 17)]
    [InlineData("userName eq \"a\"; drop table identity.users", 16)]
    [InlineData("(userName eq \"a\"", 17)]
    [InlineData("userName eq \"a\")", 16)]
    [InlineData("not userName eq \"a\"", 5)]
    [InlineData("password eq \"a\"", 1)]
    [InlineData("urn:evil:userName eq \"a\"", 1)]
    [InlineData("name eq \"a\"", 1)]
    [InlineData("name[givenName eq \"a\"]", 1)]
    [InlineData("emails[userName eq \"a\"]", 8)]
    [InlineData("emails[emails[type eq \"a\"]]", 8)]
    [InlineData("emails[type eq \"work\"", 22)]
    [InlineData("emails[type eq \"work\"].nothing eq \"a\"", 24)]
    [InlineData("active gt true", 8)]
    [InlineData("active eq 1", 11)]
    [InlineData("meta.created eq \"yesterday\"", 17)]
    [InlineData("meta.created co \"2026\"", 14)]
    public void A_filter_that_is_wrong_is_told_where(string filter, int character)
    {
        var refused = Assert.Throws<ScimException>(() => ScimFilterParser.ParseFilter(filter, ScimSchemas.User));

        Assert.Equal((400, "invalidFilter"), (refused.Status, refused.Type));
        Assert.Contains($"at character {character}:", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_is_bounded_in_length_depth_and_comparisons()
    {
        foreach (var hostile in new[]
        {
            $"userName eq \"{new string('a', ScimFilterParser.MaxLength)}\"",
            string.Concat(Enumerable.Repeat("(", 1000)) + "active eq true",
            string.Concat(Enumerable.Repeat("not (", 300)),
            string.Join(" or ", Enumerable.Repeat("id pr", 60)),
        })
            Assert.Equal("invalidFilter", Assert.Throws<ScimException>(() => ScimFilterParser.ParseFilter(hostile, ScimSchemas.User)).Type);
    }

    [Fact]
    public void Only_what_every_match_must_equal_narrows_a_query()
    {
        string? Required(string filter) => ScimFilterParser.ParseFilter(filter, ScimSchemas.User).Required(ScimSchemas.UserName);

        Assert.Equal("a", Required("""userName eq "a" and active eq true"""));
        Assert.Equal("a", Required("""active eq true and (userName eq "a")"""));
        Assert.Null(Required("""userName eq "a" or active eq true"""));
        Assert.Null(Required("""not (userName eq "a")"""));
        Assert.Null(Required("""userName ne "a" """));
        Assert.Null(Required("""externalId eq "a" """));
    }

    [Fact]
    public void Whatever_is_put_together_is_a_filter_or_refused_soon()
    {
        string[] pieces =
        [
            "userName", "emails", "emails[", "]", "].value", "name.givenName", "active", "meta.created", "urn:ietf:params:scim:schemas:core:2.0:User:", " eq ", " co ", " gt ", " pr", " and ", " or ", "not ", "(", ")",
            "\"a\"", "\"\\", "true", "null", "-1.5e3", "\"2026-01-01\"", ".", "[", " ", "\0", "\ud800", "ß", "'", "--", "%", "$ref", "x",
        ];
        var random = new Random(20261130);
        var clock = Stopwatch.StartNew();
        var parsed = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var filter = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => pieces[random.Next(pieces.Length)]));
            if (round % 2 == 0)
                filter = $"userName co \"a\" or {pieces[random.Next(pieces.Length)]} pr and not (active eq true{pieces[random.Next(pieces.Length)]})";
            try
            {
                var picked = ScimFilterParser.ParseFilter(filter, ScimSchemas.User);
                Assert.All(Users, user => _ = picked.Matches(user));
                parsed++;
            }
            catch (ScimException refused)
            {
                Assert.Equal((400, "invalidFilter"), (refused.Status, refused.Type));
            }
        }
        Assert.True(parsed > 20, $"{parsed} were filters");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    private static JsonObject Read(string json) => JsonNode.Parse(json)!.AsObject();
}
