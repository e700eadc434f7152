using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Security;

/// <summary>
/// The caller of a request with a personal access token or an API key. <c>sub</c> is the person, or <c>key.&lt;id&gt;</c>, which nothing takes for one; <c>client_id</c> of a personal token
/// says which it was. There is no <c>auth_time</c>: nobody has just signed in.
/// </summary>
public sealed class ApiTokenIdentity : ClaimsIdentity
{
    internal ApiTokenIdentity(ApiCredential credential) : base(ClaimsOf(credential), AccessTokens.TokenScheme, "sub", roleType: null) => Credential = credential;

    public ApiCredential Credential { get; }

    /// <summary>The token that a caller came with; null for who signed in, and for nobody.</summary>
    public static ApiCredential? Of(ClaimsPrincipal? caller) => caller?.Identities.OfType<ApiTokenIdentity>().SingleOrDefault()?.Credential;

    private static IEnumerable<Claim> ClaimsOf(ApiCredential credential) => credential is PersonalCredential personal
        ? [new("sub", personal.UserId.ToString()), new("client_id", $"token.{personal.Id}"), .. personal.Amr.Select(method => new Claim("amr", method))]
        : [new("sub", $"key.{credential.Id}")];
}

/// <summary>Authenticates by a personal access token or an API key (RFC 6750 §2.1).</summary>
internal sealed class ApiTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>The token of a request, well-formed or not; null when it has none of ours as Bearer.</summary>
    public static string? TokenOf(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && AuthenticationHeaderValue.TryParse(header, out var value)
            && value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) && ApiToken.Claims(value.Parameter) ? value.Parameter : null;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (TokenOf(Request) is not { } text)
            return AuthenticateResult.NoResult();
        // Asked for here: a mistyped token needs no database.
        if (ApiToken.Parse(text) is not { } token || await Context.RequestServices.GetRequiredService<IApiCredentials>().FindAsync(token.OrganizationId, token.Hash, Context.RequestAborted) is not { } credential)
            return AuthenticateResult.Fail("The token is not valid.");
        return AuthenticateResult.Success(new(new ClaimsPrincipal(new ApiTokenIdentity(credential)), Scheme.Name));
    }

    /// <summary>RFC 6750 §3.1. One answer for tokens that are mistyped, unknown, expired and revoked.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        const string description = "This token is not known here, has expired, or was revoked. Make a new one.";
        Response.Headers.WWWAuthenticate = $"Bearer realm=\"codezero\", error=\"{DpopError.InvalidToken}\", error_description=\"{description}\"";
        return Problems.Create(StatusCodes.Status401Unauthorized, "token.invalid", description).ExecuteAsync(Context);
    }
}
