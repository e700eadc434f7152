using System.Text.Json.Serialization;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /connect/token: the token endpoint (RFC 6749 §3.2).</summary>
internal static partial class Token
{
    private const string AuthenticationFailed = "There is no such client, or its authentication failed.";

    internal sealed class Endpoint(
        ClientRegistry clients, MachineGrants machines, TokenGrants grants, DpopProofs proofs, ReplayCache replays, IOptions<HubIdentityOptions> options, TimeProvider clock, ILogger<Endpoint> log)
    {
        public async Task<IResult> HandleAsync(HttpContext context, CancellationToken ct)
        {
            var (form, malformed) = await FormBody.ReadAsync(context.Request, ct);
            if (form is null)
                return Refuse(OAuthError.InvalidRequest(malformed!));
            if (form.IsOverlong || form.FirstRepeated is not null)
                return Refuse(OAuthError.InvalidRequest("There are too many parameters, or one comes more than once.")); // §3.2
            if (form["grant_type"] is not { } grantType)
                return Refuse(OAuthError.InvalidRequest("grant_type is missing."));
            if (!GrantTypes.Supported.Contains(grantType))
                return Refuse(new("unsupported_grant_type", "The grant_type must be one of those in the discovery document."));

            var (caller, unauthenticated) = await AuthenticateAsync(context.Request, form, ct);
            if (caller is null)
                return Refuse(unauthenticated!, context.Request);
            if (!caller.MayUse(grantType))
                return Refuse(OAuthError.UnauthorizedClient("This client may not use this grant_type."));

            var (thumbprint, unproven) = await ReadProofAsync(context, caller, ct);
            if (unproven is not null)
                return Refuse(unproven);
            var (response, error) = grantType switch
            {
                GrantTypes.AuthorizationCode => await RedeemAsync(caller.Client!, form, thumbprint, ct),
                GrantTypes.RefreshToken => await RefreshAsync(caller.Client!, form, thumbprint, ct),
                _ => await machines.IssueAsync(caller.Machine!, form["scope"], form["resource"], thumbprint!, ct),
            };
            return response is null ? Refuse(error!) : new Answer(StatusCodes.Status200OK, response);
        }

        private async Task<(TokenResponse?, OAuthError?)> RedeemAsync(Client client, OAuthParameters form, string? thumbprint, CancellationToken ct)
        {
            if (form["code"] is not { } code)
                return (null, OAuthError.InvalidRequest("code is missing."));
            if (form["code_verifier"] is not { } verifier || !Pkce.IsVerifier(verifier))
                return (null, OAuthError.InvalidRequest("code_verifier is missing, or not 43 to 128 unreserved characters."));
            return await grants.RedeemAsync(client, code, form["redirect_uri"], verifier, thumbprint, ct);
        }

        private async Task<(TokenResponse?, OAuthError?)> RefreshAsync(Client client, OAuthParameters form, string? thumbprint, CancellationToken ct) => form["refresh_token"] is { } token
            ? await grants.RefreshAsync(client, token, form["scope"], thumbprint, ct)
            : (null, OAuthError.InvalidRequest("refresh_token is missing."));

        private async Task<(Authenticated?, OAuthError?)> AuthenticateAsync(HttpRequest request, OAuthParameters form, CancellationToken ct)
        {
            var (presented, error) = ClientCredentials.Read(form, request.Headers.Authorization.Count == 0 ? null : request.Headers.Authorization.ToString());
            if (presented is null)
                return (null, error);
            var client = clients.Find(presented.ClientId);
            var machine = client is null ? await machines.FindAsync(presented.ClientId, ct) : null;
            if (client is { IsPublic: true, IsEnabled: true } && presented.Assertion is null)
                return (new(client, null), null);
            IReadOnlyList<P256PublicKey> keys = machine is not null ? P256PublicKey.TryParse(machine.PublicKeyJwk) is { } key ? [key] : [] : client is { IsEnabled: true } ? client.PublicKeys : [];
            if (presented.Assertion is null || keys.Count == 0)
                return (null, OAuthError.InvalidClient(AuthenticationFailed));
            var (accepted, fault) = ClientAssertion.Check(presented.Assertion, presented.ClientId, keys, options.Value.Issuer, clock.GetUtcNow());
            if (accepted is null)
            {
                AssertionRefused(log, presented.ClientId, fault!);
                return (null, OAuthError.InvalidClient(fault!));
            }
            return await replays.TryUseAsync("client-assertion", $"{presented.ClientId}:{accepted.Jti}", accepted.ForgetAt, ct)
                ? (new(client, machine), null)
                : (null, OAuthError.InvalidClient("This assertion was used before. Make one for each request."));
        }

        private async Task<(string? Thumbprint, OAuthError? Error)> ReadProofAsync(HttpContext context, Authenticated caller, CancellationToken ct)
        {
            if (context.Request.Headers["DPoP"].Count == 0)
                return caller.MustProve ? (null, new(DpopError.InvalidProof, "This client has to send a DPoP proof (RFC 9449 §5).")) : (null, null);
            var decision = await proofs.AcceptAsync(context, accessToken: null, boundKey: null, ct);
            return decision.Proof is { } proof ? (proof.Thumbprint, null) : (null, new(DpopError.InvalidProof, decision.Description!));
        }
    }

    /// <summary>Who asks: exactly one of the two.</summary>
    internal sealed record Authenticated(Client? Client, MachineClient? Machine)
    {
        public bool MustProve => Machine is not null || Client!.RequireDpop;

        public bool MayUse(string grantType) => Machine is not null ? grantType == GrantTypes.ClientCredentials : Client!.Grants.Contains(grantType);
    }

    /// <summary>§5.2. A client that tried the Authorization header is told the scheme again.</summary>
    private static Answer Refuse(OAuthError error, HttpRequest? authenticating = null)
    {
        var status = error.Code == "invalid_client" ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest;
        return new(status, error) { Challenge = status == StatusCodes.Status401Unauthorized && authenticating?.Headers.Authorization.Count > 0 };
    }

    /// <summary>JSON that nobody may keep (§5.1).</summary>
    private sealed class Answer(int status, object body) : IResult
    {
        public bool Challenge { get; init; }

        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = status;
            response.Headers.CacheControl = "no-store";
            response.Headers.Pragma = "no-cache";
            if (Challenge)
                response.Headers.WWWAuthenticate = "Basic realm=\"codezero\"";
            return body is OAuthError error
                ? response.WriteAsJsonAsync(new ErrorBody(error.Code, error.Description), Json.Default.ErrorBody, cancellationToken: httpContext.RequestAborted)
                : response.WriteAsJsonAsync((TokenResponse)body, Json.Default.TokenResponse, cancellationToken: httpContext.RequestAborted);
        }
    }

    internal sealed record ErrorBody(string Error, string ErrorDescription);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(ErrorBody))]
    [JsonSerializable(typeof(TokenResponse))]
    internal sealed partial class Json : JsonSerializerContext;

    [LoggerMessage(1011, LogLevel.Information, "Refused a client assertion of {ClientId}: {Reason}")]
    private static partial void AssertionRefused(ILogger log, string clientId, string reason);
}
