using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Json;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Platform.Security;

/// <summary>Whose access tokens the API believes. The section <c>Hub:Identity</c>, shared with the identity module.</summary>
public sealed class AccessTokenOptions : IValidatableObject
{
    public const string Section = "Hub:Identity";

    /// <summary>The OpenID Connect issuer, exactly as it stands in tokens and discovery. Required. https, except on this machine.</summary>
    [Required(ErrorMessage = "Hub:Identity:Issuer is missing. Set it to the issuer's address; when the Hub is its own issuer, to Hub:PublicUrl.")]
    public string? Issuer { get; set; }

    /// <summary>Where this process reads the discovery document, when not at the issuer's public address. Default: <c>&lt;issuer&gt;/.well-known/openid-configuration</c>.</summary>
    public Uri? MetadataAddress { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Uri.TryCreate(Issuer, UriKind.Absolute, out var issuer) || issuer.Query.Length + issuer.Fragment.Length + issuer.UserInfo.Length > 0 || Issuer.EndsWith('/'))
            yield return new($"Hub:Identity:Issuer is '{Issuer}'. It must be an absolute address without query, fragment, user or trailing slash.");
        else if (!(issuer.Scheme == Uri.UriSchemeHttps || (issuer.Scheme == Uri.UriSchemeHttp && issuer.IsLoopback)))
            yield return new($"Hub:Identity:Issuer is '{Issuer}'. Outside this machine it must be https.");
    }
}

/// <summary>The issuer cannot be reached to learn its keys. Passes by itself; answered with 503.</summary>
internal sealed class IssuerUnavailableException(Exception inner) : Exception("The issuer's discovery document cannot be read.", inner);

/// <summary>A personal access token or an API key, where somebody has to sign in.</summary>
internal sealed class ApiTokenRefusedException() : Exception("Personal access tokens and API keys are not taken here. Sign in, and send the access token of that.");

/// <summary>
/// Validation of access tokens (RFC 9068): ES256, <c>at+jwt</c>, one issuer, one audience per scheme; Bearer (RFC 6750) or DPoP (RFC 9449).
/// A bound token (<c>cnf.jkt</c>) is never accepted as Bearer. Keys come by discovery, loaded at the first use, so that the Hub can be its own issuer.
/// </summary>
public static class AccessTokens
{
    /// <summary>People: tokens for <c>&lt;issuer&gt;/v1</c>. The default scheme and policy.</summary>
    public const string PeopleScheme = "people";

    /// <summary>Personal access tokens and API keys of organizations: <see cref="ApiToken"/>.</summary>
    public const string TokenScheme = "token";

    /// <summary>Whoever may act in organizations: <see cref="TokenScheme"/> where the token says by its beginning that it is one, else <see cref="PeopleScheme"/>.</summary>
    public const string CallerScheme = "caller";

    /// <summary>Cluster agents: DPoP-bound tokens for <c>&lt;issuer&gt;/agent</c>.</summary>
    public const string AgentScheme = "agent";

    /// <summary>The claim that holds the bound key's thumbprint, from <c>cnf.jkt</c>.</summary>
    public const string BoundKeyClaim = "cnf.jkt";

    /// <summary>What replicas tell each other when signing keys were replaced as compromised.</summary>
    public const string KeysReplacedChannel = "identity.signing-keys";

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    internal static void AddAccessTokens(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidatedOptions<AccessTokenOptions>(configuration, AccessTokenOptions.Section);
        services.AddSingleton<ReplayCache>();
        services.AddSingleton<DpopProofs>();
        services.AddAuthentication(PeopleScheme);
        services.AddAccessTokenScheme(PeopleScheme, mustBeBound: false, "/v1").AddAccessTokenScheme(AgentScheme, mustBeBound: true, "/agent");
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, ApiTokenHandler>(TokenScheme, _ => { })
            .AddPolicyScheme(CallerScheme, displayName: null, caller => caller.ForwardDefaultSelector = context => ApiTokenHandler.TokenOf(context.Request) is null ? PeopleScheme : TokenScheme);
        services.AddAuthorizationBuilder()
            .SetDefaultPolicy(new AuthorizationPolicyBuilder(PeopleScheme).RequireAuthenticatedUser().RequireAssertion(context => OrganizationRule.LimitOf(context.User) is null).Build())
            .SetFallbackPolicy(new AuthorizationPolicyBuilder(PeopleScheme).RequireAssertion(_ => false).Build());
    }

    /// <summary>People who signed in, their personal access tokens, and API keys may call the endpoint. Without this or a permission of an organization, those who signed in alone may.
    /// What the endpoint shows must heed <see cref="OrganizationRule.LimitOf"/>.</summary>
    public static TBuilder RequireCaller<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.AddAuthenticationSchemes(CallerScheme).RequireAuthenticatedUser());

    /// <summary>Adds a scheme for access tokens of certain audiences.</summary>
    /// <param name="mustBeBound">Tokens that are bound to no key are refused.</param>
    /// <param name="audiences">What stands after the issuer: <c>/v1</c>, or nothing for the issuer itself.</param>
    public static IServiceCollection AddAccessTokenScheme(this IServiceCollection services, string scheme, bool mustBeBound, params string[] audiences)
    {
        services.TryAddSingleton<IssuerKeys>();
        services.AddAuthentication().AddJwtBearer(scheme, _ => { });
        services.AddOptions<JwtBearerOptions>(scheme).Configure<IOptions<AccessTokenOptions>, IssuerKeys, TimeProvider>((bearer, options, keys, clock) =>
        {
            var issuer = options.Value.Issuer!;
            bearer.ConfigurationManager = keys;
            bearer.MapInboundClaims = false;
            bearer.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = issuer,
                ValidAudiences = audiences.Select(audience => issuer + audience),
                ValidTypes = ["at+jwt", "application/at+jwt"],
                ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
                RequireExpirationTime = true,
                RequireSignedTokens = true,
                NameClaimType = "sub",
                ClockSkew = ClockSkew,
                LifetimeValidator = (notBefore, expires, _, _) => IsAlive(notBefore, expires, clock.GetUtcNow().UtcDateTime),
            };
            bearer.Events = new JwtBearerEvents
            {
                OnMessageReceived = ReadAuthorizationHeaderAsync,
                OnTokenValidated = context => CheckBindingAsync(context, mustBeBound),
                OnChallenge = ChallengeAsync,
            };
        });
        return services;
    }

    private static bool IsAlive(DateTime? notBefore, DateTime? expires, DateTime now) =>
        expires is { } end && now < end + ClockSkew && (notBefore is not { } start || now >= start - ClockSkew);

    private static async Task ReadAuthorizationHeaderAsync(MessageReceivedContext context)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count > 1)
            context.Fail(new SecurityTokenException("More than one Authorization header."));
        else if (AuthenticationHeaderValue.TryParse(header.ToString(), out var value) && SchemeOf(value) is not null && !string.IsNullOrEmpty(value.Parameter))
        {
            if (ApiToken.Claims(value.Parameter))
            {
                context.Fail(new ApiTokenRefusedException());
                return;
            }
            // Without the issuer's keys the validation would call a good token invalid, and its holder would throw it away.
            await context.Options.ConfigurationManager!.GetConfigurationAsync(context.HttpContext.RequestAborted);
            context.Token = value.Parameter;
        }
        else
            context.NoResult();
    }

    private static string? SchemeOf(AuthenticationHeaderValue value) =>
        value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? "Bearer" : value.Scheme.Equals("DPoP", StringComparison.OrdinalIgnoreCase) ? "DPoP" : null;

    private static async Task CheckBindingAsync(TokenValidatedContext context, bool mustBeBound)
    {
        var presented = AuthenticationHeaderValue.Parse(context.Request.Headers.Authorization.ToString());
        var token = (JsonWebToken)context.SecurityToken;
        var boundKey = BoundKeyOf(token);
        if (SchemeOf(presented) == "Bearer")
        {
            if (mustBeBound || boundKey is not null)
                context.Fail(new DpopRefusedException(DpopError.InvalidToken, "This access token is bound to a key. Send it as 'DPoP <token>' with a proof."));
            return;
        }
        if (boundKey is null)
        {
            context.Fail(new DpopRefusedException(DpopError.InvalidToken, "This access token is not bound to a key. Send it as 'Bearer <token>'."));
            return;
        }
        var decision = await context.HttpContext.RequestServices.GetRequiredService<DpopProofs>().AcceptAsync(context.HttpContext, presented.Parameter, boundKey, context.HttpContext.RequestAborted);
        if (decision.Proof is null)
            context.Fail(new DpopRefusedException(decision.Error!, decision.Description!));
        else
            ((ClaimsIdentity)context.Principal!.Identity!).AddClaim(new Claim(BoundKeyClaim, boundKey));
    }

    private static string? BoundKeyOf(JsonWebToken token) =>
        token.TryGetPayloadValue<JsonElement>("cnf", out var confirmation) && confirmation.ValueKind == JsonValueKind.Object
            && confirmation.TryGetProperty("jkt", out var thumbprint) && thumbprint.ValueKind == JsonValueKind.String
            ? thumbprint.GetString()
            : null;

    /// <summary>RFC 6750 §3, RFC 9449 §7.1: no error code where nothing was presented.</summary>
    private static async Task ChallengeAsync(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        var (error, description) = context.AuthenticateFailure switch
        {
            null => (null, "Sign in: send an access token as 'Authorization: DPoP <token>' or 'Authorization: Bearer <token>'."),
            DpopRefusedException dpop => (dpop.Error, dpop.Message),
            ApiTokenRefusedException refused => (DpopError.InvalidToken, refused.Message),
            SecurityTokenInvalidLifetimeException => (DpopError.InvalidToken, "The access token has expired, or is not valid yet. Get a new one."),
            _ => (DpopError.InvalidToken, "The access token is not valid here. Get one from this Hub's issuer, for this API."),
        };
        var parameters = error is null ? "" : $", error=\"{error}\", error_description=\"{description.Replace('"', '\'')}\"";
        context.Response.Headers.WWWAuthenticate = new([$"DPoP algs=\"ES256\"{parameters}", $"Bearer realm=\"codezero\"{parameters}"]);
        await Problems.Create(StatusCodes.Status401Unauthorized, error is null ? "unauthorized" : $"unauthorized.{error}", description).ExecuteAsync(context.HttpContext);
    }
}
