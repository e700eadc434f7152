using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// POST /connect/device_authorization: a device without a browser asks for tokens, and gets a code to poll with and one to show (RFC 8628 §3.1). A DPoP proof here binds
/// the device code to its key, as at the endpoint for pushed requests (RFC 9449 §10.1); a client that has to send proofs may send its first one with the first poll.
/// </summary>
internal static class AuthorizeDevice
{
    internal sealed record Response(string DeviceCode, string UserCode, string VerificationUri, string VerificationUriComplete, int ExpiresIn, int Interval);

    internal sealed class Endpoint(ClientAuthentication clients, DeviceAuthorizations devices, DpopProofs proofs, IOptions<HubIdentityOptions> options)
    {
        public async Task<IResult> HandleAsync(HttpContext context, CancellationToken ct)
        {
            var (response, error) = await BeginAsync(context, ct);
            return response is null ? OAuthAnswer.Refuse(error!, context.Request) : OAuthAnswer.Ok(response, OAuthAnswer.Json.Default.AuthorizeDeviceResponse);
        }

        private async Task<(Response?, OAuthError?)> BeginAsync(HttpContext context, CancellationToken ct)
        {
            var (form, malformed) = await FormBody.ReadAsync(context.Request, ct);
            if (form is null)
                return (null, malformed);
            if (form["scope"] is null)
                return (null, OAuthError.InvalidScope("scope is missing."));
            var (client, unauthenticated) = await clients.AuthenticateAsync(context.Request, form, ct);
            if (client is null)
                return (null, unauthenticated);
            if (!client.Grants.Contains(GrantTypes.DeviceCode))
                return (null, OAuthError.UnauthorizedClient("This client may not use the device code."));
            if (AuthorizationRequests.FindScopeError(form, client, options.Value.Issuer) is { } excess)
                return (null, excess);
            var (thumbprint, unproven) = await proofs.ReadThumbprintAsync(context, ct);
            if (unproven is not null)
                return (null, unproven);
            var begun = await devices.BeginAsync(client.Id, [.. Scopes.Parse(form["scope"]!)!.Value], [.. form.Resources], thumbprint, ct);
            return (Describe(begun.DeviceCode, UserCodes.Show(begun.UserCode), begun.Interval), null);
        }

        private Response Describe(string deviceCode, string userCode, int interval)
        {
            var address = options.Value.Issuer + "/device";
            return new(deviceCode, userCode, address, $"{address}?user_code={userCode}", (int)DeviceAuthorizations.Lifetime.TotalSeconds, interval);
        }
    }
}
