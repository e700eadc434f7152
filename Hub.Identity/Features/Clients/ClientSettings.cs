using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Features;

/// <summary>What an organization says about a client of its own. Nothing in it is ever fetched: keys are given as they are.</summary>
/// <param name="Name">What people read on the consent page.</param>
/// <param name="Enabled">False refuses every request of the client. Default true.</param>
/// <param name="AuthenticationMethod"><c>private_key_jwt</c> (default), <c>client_secret_basic</c>, or <c>none</c> for a public client.</param>
/// <param name="AssertionAlgorithm">What it signs its assertions with: <c>ES256</c> (default), <c>PS256</c> or <c>RS256</c>.</param>
/// <param name="Keys">A JWK Set (RFC 7517 §5) of 1 to 10 public keys for <c>private_key_jwt</c>; absent otherwise.</param>
/// <param name="IdTokenAlgorithm"><c>RS256</c> (default) or <c>ES256</c>.</param>
/// <param name="Grants"><c>authorization_code</c>, <c>refresh_token</c>, <c>client_credentials</c>, the device code's, and the token exchange of its workloads. Default: the first two.</param>
/// <param name="RedirectUris">Where answers may go: https, or <c>http://127.0.0.1/path</c> and <c>http://[::1]/path</c> with any port; at most 20, compared character by character.</param>
/// <param name="PostLogoutRedirectUris">Where people may go after signing out; at most 20.</param>
/// <param name="Scopes">Of <c>openid</c>, <c>offline_access</c> and <c>email</c>; with <c>client_credentials</c> or the token exchange also others for itself. At most 50.</param>
/// <param name="Resources">The organization's own APIs that it may ask tokens for and introspect: <c>&lt;issuer&gt;/orgs/&lt;organization id&gt;/…</c>; at most 10, the first is the default.</param>
/// <param name="RequireDpop">True: its tokens are bound to its key (RFC 9449).</param>
/// <param name="RequirePushedRequests">True: its authorization requests must be pushed first (RFC 9126).</param>
public sealed record ClientSettings(
    [Required, StringLength(RegisteredClient.MaxNameLength, MinimumLength = 1)] string Name,
    bool? Enabled = null,
    [StringLength(40)] string? AuthenticationMethod = null,
    [StringLength(10)] string? AssertionAlgorithm = null,
    JsonElement? Keys = null,
    [StringLength(10)] string? IdTokenAlgorithm = null,
    [MaxLength(10)] IReadOnlyList<string>? Grants = null,
    [MaxLength(20)] IReadOnlyList<string>? RedirectUris = null,
    [MaxLength(20)] IReadOnlyList<string>? PostLogoutRedirectUris = null,
    [MaxLength(50)] IReadOnlyList<string>? Scopes = null,
    [MaxLength(10)] IReadOnlyList<string>? Resources = null,
    bool? RequireDpop = null,
    bool? RequirePushedRequests = null);
