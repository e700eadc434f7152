using System.Net.Http.Headers;

namespace CodeZero.Hub.Client;

/// <summary>A personal access token or an organization's API key, for programs that nobody signs in for.</summary>
public sealed class TokenCredentials : IHubCredentials
{
    private const string PersonPrefix = "czp_", OrganizationPrefix = "czo_";

    private readonly string _token;

    /// <exception cref="ArgumentException">The text is neither; it is not repeated in the message.</exception>
    public TokenCredentials(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (!(token.StartsWith(PersonPrefix, StringComparison.Ordinal) || token.StartsWith(OrganizationPrefix, StringComparison.Ordinal)) || !token.All(character => char.IsAsciiLetterOrDigit(character) || character == '_'))
            throw new ArgumentException($"This is no token of a Hub. One begins with {PersonPrefix} or {OrganizationPrefix}, and has letters and digits behind it.", nameof(token));
        _token = token;
    }

    /// <summary>Whether it is an organization's, which is no person.</summary>
    public bool IsKey => _token.StartsWith(OrganizationPrefix, StringComparison.Ordinal);

    public Task AuthorizeAsync(HttpRequestMessage request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        return Task.CompletedTask;
    }

    /// <summary>A token that was refused is refused again.</summary>
    public Task<bool> RecoverAsync(HttpResponseMessage refused, CancellationToken ct) => Task.FromResult(false);

    /// <summary>Never shows the token.</summary>
    public override string ToString() => IsKey ? "an API key" : "a personal access token";
}
