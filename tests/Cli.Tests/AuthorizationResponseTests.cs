using CodeZero.Cli.Session;

namespace CodeZero.Cli.Tests;

public sealed class AuthorizationResponseTests
{
    private const string Issuer = "https://hub.example.com", State = "s-1";
    private static readonly Uri RedirectUri = new("http://127.0.0.1:5000/callback");
    private static readonly string Iss = Uri.EscapeDataString(Issuer);

    [Fact]
    public void The_answer_to_our_request_is_taken()
    {
        var (status, _, response) = Judge($"/callback?code=a%2Bb+c&state={State}&iss={Iss}");
        Assert.Equal((200, "a+b c", null), (status, response?.Code, response?.Error));
    }

    [Fact]
    public void A_refusal_is_taken_too()
    {
        var (status, text, response) = Judge($"/callback?error=access_denied&state={State}&iss={Iss}");
        Assert.Equal((200, null, "access_denied"), (status, response?.Code, response?.Error));
        Assert.Contains("not signed in", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/callback?code=x&iss=https%3A%2F%2Fhub.example.com", 400)]
    [InlineData("/callback?code=x&state=s-2&iss=https%3A%2F%2Fhub.example.com", 400)]
    [InlineData("/callback?code=x&state=s-1", 400)]
    [InlineData("/callback?code=x&state=s-1&iss=https%3A%2F%2Fevil.example", 400)]
    [InlineData("/callback?code=x&state=s-1&iss=https%3A%2F%2Fhub.example.com%2F", 400)]
    [InlineData("/callback?code=x&code=y&state=s-1&iss=https%3A%2F%2Fhub.example.com", 400)]
    [InlineData("/callback?state=s-1&state=s-1&code=x&iss=https%3A%2F%2Fhub.example.com", 400)]
    [InlineData("/other?code=x&state=s-1&iss=https%3A%2F%2Fhub.example.com", 404)]
    [InlineData("/callback/../x?code=x&state=s-1&iss=https%3A%2F%2Fhub.example.com", 404)]
    [InlineData("/favicon.ico", 404)]
    [InlineData("@evil.example/callback?code=x&state=s-1&iss=https%3A%2F%2Fhub.example.com", 404)]
    public void Anything_else_is_answered_and_not_believed(string target, int expected)
    {
        var (status, _, response) = Judge(target);
        Assert.Equal((expected, null), (status, response));
    }

    private static (int Status, string Text, AuthorizationResponse? Response) Judge(string target) => AuthorizationResponse.Judge(target, RedirectUri, State, Issuer);
}
