using System.Buffers.Text;
using System.Text;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Session;

namespace CodeZero.Cli.Tests;

public sealed class PureTests
{
    [Theory]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("1.5h", 5400)]
    public void Durations_are_read(string text, int seconds) => Assert.True(Times.TryParse(text, out var duration) && duration == TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("-5m")]
    [InlineData("5d")]
    [InlineData("99999999h")]
    public void What_is_no_duration_is_refused(string? text) => Assert.False(Times.TryParse(text, out _));

    [Fact]
    public void Text_from_elsewhere_cannot_command_the_terminal() =>
        Assert.Equal("a\uFFFD[31mb\uFFFD]0;title\uFFFD\nc", Terminal.Printable("a\u001b[31mb\u009d]0;title\u0007\nc"));

    [Fact]
    public void Text_from_elsewhere_reads_in_the_order_it_has() =>
        Assert.Equal("rm \uFFFD/tmp\uFFFD schön, \u05D0", Terminal.Printable("rm \u202E/tmp\u2066 schön, \u05D0"));

    [Theory]
    [InlineData("https://hub.example.com", "hub.example.com")]
    [InlineData("https://hub.example.com/", "hub.example.com")]
    [InlineData("http://127.0.0.1:8080/", "127.0.0.1_8080")]
    [InlineData("https://example.com/hub/../x", "example.com_x")]
    public void A_hub_has_a_file_name(string address, string expected) =>
        Assert.Equal(expected, HubAddresses.TryParse(address, out var hub, out _) ? HubAddresses.FileName(hub) : null);

    [Theory]
    [InlineData("hub.example.com")]
    [InlineData("http://hub.example.com")]
    [InlineData("https://user@hub.example.com")]
    [InlineData("https://hub.example.com?x=y")]
    [InlineData("file:///etc/passwd")]
    public void Other_addresses_are_refused(string address) => Assert.False(HubAddresses.TryParse(address, out _, out _));

    [Theory]
    [InlineData("""{"iss":"https://hub","aud":"czctl","nonce":"n","exp":2000000000}""", null)]
    [InlineData("""{"iss":"https://hub","aud":["other","czctl"],"nonce":"n","exp":2000000000}""", null)]
    [InlineData("""{"iss":"https://evil","aud":"czctl","nonce":"n","exp":2000000000}""", "another issuer")]
    [InlineData("""{"iss":"https://hub","aud":"other","nonce":"n","exp":2000000000}""", "another program")]
    [InlineData("""{"iss":"https://hub","aud":"czctl","nonce":"m","exp":2000000000}""", "another request")]
    [InlineData("""{"iss":"https://hub","aud":"czctl","nonce":"n","exp":1}""", "expired")]
    [InlineData("""{"iss":"https://hub","aud":"czctl","nonce":"n"}""", "expired")]
    [InlineData("""{"iss":1,"aud":{},"nonce":[]}""", "cannot be read")]
    [InlineData("""[]""", "cannot be read")]
    public void An_id_token_belongs_to_its_request(string claims, string? problem)
    {
        var token = $"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.c2ln";
        var found = IdToken.Problem(token, "https://hub", "czctl", "n", DateTimeOffset.UnixEpoch.AddYears(50));
        Assert.Equal(problem is null, found is null);
        Assert.Contains(problem ?? "", found ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a.!.c")]
    public void What_is_no_id_token_is_refused(string? token) => Assert.NotNull(IdToken.Problem(token, "https://hub", "czctl", "n", DateTimeOffset.UnixEpoch));
}
