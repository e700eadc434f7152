using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /connect/par: takes an authorization request from its client, checked as if a browser brought it (RFC 9126 §2).</summary>
internal static class PushAuthorization
{
    internal sealed record Response(string RequestUri, int ExpiresIn);

    internal sealed class Endpoint(ClientAuthentication clients, PushedRequests pushed, IdTokenHints hints, DpopProofs proofs, IOptions<HubIdentityOptions> options)
    {
        public async Task<IResult> HandleAsync(HttpContext context, CancellationToken ct)
        {
            var (request, error) = await ReadAsync(context, ct);
            if (request is null)
                return OAuthAnswer.Refuse(error!, context.Request);
            var response = new Response(await pushed.KeepAsync(request, ct), (int)PushedRequests.Lifetime.TotalSeconds);
            return OAuthAnswer.Ok(response, OAuthAnswer.Json.Default.PushAuthorizationResponse, StatusCodes.Status201Created);
        }

        private async Task<(AuthorizationRequest?, OAuthError?)> ReadAsync(HttpContext context, CancellationToken ct)
        {
            var (form, malformed) = await FormBody.ReadAsync(context.Request, ct);
            if (form is null)
                return (null, malformed);
            var (client, unauthenticated) = await clients.AuthenticateAsync(context.Request, form, ct);
            if (client is null)
                return (null, unauthenticated);
            if (form["request_uri"] is not null)
                return (null, OAuthError.InvalidRequest("A pushed request is the request itself: request_uri must not be in it (RFC 9126 section 2.1)."));
            switch (AuthorizationRequests.Decide(form, client, options.Value.Issuer, pushed: true))
            {
                case AuthorizationDecision.ShowError unsafeRequest:
                    return (null, OAuthError.InvalidRequest(unsafeRequest.Reason));
                case AuthorizationDecision.SendBack refused:
                    return (null, refused.Error);
                case AuthorizationDecision.Accept accepted:
                    var (request, unhinted) = await hints.ApplyAsync(accepted, ct);
                    return request is null ? (null, unhinted) : await BindAsync(context, request, ct);
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }

        /// <summary>A proof here binds the code to its key, as <c>dpop_jkt</c> does; both have to agree (RFC 9449 §10.1).</summary>
        private async Task<(AuthorizationRequest?, OAuthError?)> BindAsync(HttpContext context, AuthorizationRequest request, CancellationToken ct)
        {
            var (thumbprint, error) = await proofs.ReadThumbprintAsync(context, ct);
            if (error is not null)
                return (null, error);
            return thumbprint is null || request.DpopJkt is null || request.DpopJkt == thumbprint
                ? (request with { DpopJkt = thumbprint ?? request.DpopJkt }, null)
                : (null, OAuthError.InvalidRequest("dpop_jkt is not the thumbprint of the proof's key."));
        }
    }
}
