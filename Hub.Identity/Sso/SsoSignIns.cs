using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CodeZero.Hub.Identity.Areas.Identity;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Outbound;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>Where a person signs in.</summary>
/// <param name="Organization">For whom.</param>
/// <param name="Address">The provider's authorization endpoint, with the request.</param>
internal sealed record SsoDeparture(string Organization, Uri Address);

/// <summary>What came of a person's return from a provider.</summary>
/// <param name="ReturnTo">Where they go on; null when they are not signed in.</param>
/// <param name="Fault">Why they are not, as a sentence for them.</param>
internal sealed record SsoArrival(string? ReturnTo, string? Fault);

/// <summary>
/// Signs people in through their organization's provider (OpenID Connect Core §3.1): code with PKCE, state and nonce, bound to the browser. What comes of it is a session for that
/// organization alone.
/// </summary>
internal sealed partial class SsoSignIns(
    IdentityDb db, Tenant tenant, IServiceScopeFactory scopes, Organizations organizations, Domains domains, SsoDirectory directory, SsoSecrets secrets, SsoIdentities identities, Sessions sessions, [FromKeyedServices(SsoDirectory.Http)] GuardedHttp http,
    IOptions<HubIdentityOptions> options, TimeProvider clock, ILogger<SsoSignIns> log)
{
    /// <summary>Where providers send people back to.</summary>
    public const string CallbackPath = "/account/sso/callback";

    private const string Unavailable = "Your organization's provider cannot be reached, or does not answer as it should. Try again in a few minutes; if it goes on, tell whoever runs it.";
    private const string Again = "This sign-in was completed, waited for more than ten minutes, or began in another browser. Go back and start again.";

    /// <summary>How long a person may take at the provider.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private string RedirectUri => options.Value.Issuer + CallbackPath;

    /// <summary>The organization whose members sign in through a provider by this slug or id; null when there is none, or it has no provider.</summary>
    public async Task<Guid?> FindByNameAsync(string slugOrId, CancellationToken ct)
    {
        var id = Guid.TryParseExact(slugOrId, "D", out var parsed) ? parsed : await organizations.FindIdAsync(slugOrId, ct);
        return id is { } organization && await HasProviderAsync(organization, ct) ? organization : null;
    }

    /// <summary>The same by an address: its domain alone decides, whether or not it has an account.</summary>
    public async Task<Guid?> FindByAddressAsync(string email, CancellationToken ct) =>
        await domains.FindOrganizationAsync(email, ct) is { } organization && await HasProviderAsync(organization, ct) ? organization : null;

    /// <summary>Sends a person to the provider of an organization. A sentence for them when that cannot be.</summary>
    /// <param name="returnTo">A path of the Hub, for afterwards.</param>
    /// <param name="loginHint">The address they typed; null when they did not.</param>
    /// <param name="anew">Whether the provider shall ask them, also when they are signed in there.</param>
    public async Task<(SsoDeparture? Departure, string? Fault)> BeginAsync(HttpContext context, Guid organization, string returnTo, string? loginHint, bool anew, CancellationToken ct)
    {
        tenant.Enter(organization);
        var (provider, name) = await db.InTransactionAsync(async () => (await db.SsoProviders.AsNoTracking().SingleOrDefaultAsync(ct), await db.Organizations.Select(row => row.Name).SingleOrDefaultAsync(ct)), ct);
        if (provider is null || name is null)
            return (null, Again);
        var (known, fault) = await directory.FindAsync(provider.Issuer, ct);
        if (known is null)
        {
            Unreachable(log, organization, fault!.Step, fault.Reason);
            return (null, Unavailable);
        }
        var (state, browser) = (Secrets.New(), RememberBrowser(context));
        db.Add(new SsoSignIn(Secrets.Hash(state), Secrets.Hash(browser), organization, provider.Issuer, provider.ClientId, returnTo, clock.GetUtcNow() + Lifetime));
        await db.SaveChangesAsync(ct);
        var request = new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = provider.ClientId,
            ["redirect_uri"] = RedirectUri,
            ["scope"] = string.Join(' ', provider.Scopes),
            ["state"] = state,
            ["nonce"] = Derive(browser, state, "nonce"),
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Derive(browser, state, "verifier")))),
            ["code_challenge_method"] = Pkce.Method,
        };
        if (loginHint is not null)
            request["login_hint"] = loginHint;
        if (anew)
            request["prompt"] = "login";
        return (new(name, new(QueryHelpers.AddQueryString(known.Metadata.AuthorizationEndpoint.AbsoluteUri, request))), null);
    }

    /// <summary>Takes a person back from a provider: signs them in for the organization, or says why not.</summary>
    public async Task<SsoArrival> CompleteAsync(HttpContext context, OAuthParameters answer, CancellationToken ct)
    {
        if (answer["state"] is not { Length: Secrets.Length } state || Cookie().Name is not { } cookie || context.Request.Cookies[cookie] is not { Length: Secrets.Length } browser
            || await TakeAsync(state, browser, ct) is not { } begun)
            return new(null, Again);
        tenant.Enter(begun.DirectoryId);
        if (await db.InTransactionAsync(() => db.SsoProviders.AsNoTracking().SingleOrDefaultAsync(ct), ct) is not { } provider || provider.Issuer != begun.Issuer || provider.ClientId != begun.ClientId)
            return new(null, "The organization has changed how its members sign in. Go back and start again.");
        var (known, fault) = await directory.FindAsync(provider.Issuer, ct);
        if (known is null)
        {
            Unreachable(log, provider.OrganizationId, fault!.Step, fault.Reason);
            return new(null, Unavailable);
        }
        if ((answer["iss"] is null && known.Metadata.PromisesIssuer) || answer.IsRepeated("iss") || (answer["iss"] is { } issuer && issuer != provider.Issuer))
            return Refuse(provider, "the answer's iss is not the provider's (RFC 9207)");
        if (answer["error"] is { } error)
            return new(null, error == "access_denied" ? "The provider did not let you in, or you went back. Start again, or ask whoever runs it." : "The provider could not sign you in. Start again; if it goes on, tell whoever runs it.");
        if (answer["code"] is not { } code)
            return Refuse(provider, "the answer has neither code nor error");
        return await RedeemAsync(provider, known, code, state, browser, ct) is { } identity ? await SignInAsync(context, provider, identity, begun.ReturnTo, ct) : new(null, Unavailable);
    }

    private async Task<SsoArrival> SignInAsync(HttpContext context, SsoProvider provider, SsoIdentity identity, string returnTo, CancellationToken ct)
    {
        var (person, fault) = await identities.FindOrJoinAsync(provider, identity, ct);
        if (person is null)
            return new(null, fault);
        string[] amr = provider.MultiFactor == MultiFactorTrust.Always || (provider.MultiFactor == MultiFactorTrust.Claimed && identity.IsMultiFactor)
            ? [AuthenticationMethods.Federated, AuthenticationMethods.MultiFactor]
            : [AuthenticationMethods.Federated];
        await sessions.StartAsync(context, person, amr, ct, limitedTo: provider.OrganizationId);
        context.Response.Cookies.Delete(Cookie().Name!, Cookie().Build(context));
        SignedIn(log, person.Id, provider.OrganizationId);
        return new(returnTo, null);
    }

    /// <summary>The identity of a code (§3.1.3); null when the provider does not answer as it should.</summary>
    private async Task<SsoIdentity?> RedeemAsync(SsoProvider provider, KnownProvider known, string code, string state, string browser, CancellationToken ct)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = GrantTypes.AuthorizationCode,
            ["code"] = code,
            ["redirect_uri"] = RedirectUri,
            ["code_verifier"] = Derive(browser, state, "verifier"),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, known.Metadata.TokenEndpoint) { Headers = { { "Accept", "application/json" } } };
        secrets.Authenticate(provider, known.Metadata, request, form);
        request.Content = new FormUrlEncodedContent(form);
        var fetched = await http.SendAsync(request, ct);
        if (fetched is not Fetched.Answer { Status: HttpStatusCode.OK } answer)
        {
            Unreachable(log, provider.OrganizationId, SsoStep.Endpoints, fetched is Fetched.Answer refused ? $"the token endpoint answers with status {(int)refused.Status}" : $"the token endpoint: {((Fetched.Failed)fetched).Fault}");
            return null;
        }
        var (idToken, accessToken) = ReadTokens(answer.Body);
        if (idToken is null)
        {
            Refuse(provider, "the token endpoint's answer has no id_token");
            return null;
        }
        IdTokenCheck Check(KnownProvider by) => IdTokens.Check(idToken, by.Keys, provider.Issuer, provider.ClientId, Derive(browser, state, "nonce"), accessToken, provider.EmailClaim, clock.GetUtcNow());
        var check = Check(known);
        if (check is IdTokenCheck.UnknownKey)
            check = Check(await directory.LookAgainAsync(known, ct));
        if (check is IdTokenCheck.Accepted accepted)
            return accepted.Identity;
        Refuse(provider, $"the ID token: {(check as IdTokenCheck.Refused)?.Reason ?? "it is signed by a key that the provider does not publish"}");
        return null;
    }

    private static (string? IdToken, string? AccessToken) ReadTokens(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return (json.RootElement.Text("id_token"), json.RootElement.Text("access_token"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the second: half of a surrogate pair
        {
            return (null, null);
        }
    }

    /// <summary>Takes the sign-in up, once, in the browser that began it; in another it stays.</summary>
    private async Task<SsoSignIn?> TakeAsync(string state, string browser, CancellationToken ct)
    {
        var (hash, browserHash, now) = (Secrets.Hash(state), Secrets.Hash(browser), clock.GetUtcNow());
        var taken = await db.SsoSignIns.FromSql($"delete from identity.sso_sign_ins where hash = {hash} and browser_hash = {browserHash} and expires_at > {now} returning *").AsNoTracking().ToListAsync(ct);
        return taken is [var row] ? row : null;
    }

    /// <summary>The browser's secret: the one it has, so that two tabs do not disturb each other, or a new one.</summary>
    private string RememberBrowser(HttpContext context)
    {
        var cookie = Cookie();
        var secret = context.Request.Cookies[cookie.Name!] is { Length: Secrets.Length } present ? present : Secrets.New();
        cookie.MaxAge = Lifetime;
        context.Response.Cookies.Append(cookie.Name!, secret, cookie.Build(context, clock.GetUtcNow()));
        return secret;
    }

    private PageCookie Cookie() => PageCookie.For(options.Value, "sso");

    /// <summary>Nonce and verifier are made of what only the browser and the address have: who reads the database has neither.</summary>
    private static string Derive(string browser, string state, string purpose) => Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.ASCII.GetBytes(browser), Encoding.ASCII.GetBytes($"{purpose}:{state}")));

    private async Task<bool> HasProviderAsync(Guid organization, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope(); // its own: one request may ask for several organizations, by name and by address
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organization);
        var own = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        return await own.InTransactionAsync(() => own.SsoProviders.AnyAsync(ct), ct);
    }

    private SsoArrival Refuse(SsoProvider provider, string reason)
    {
        Refused(log, provider.OrganizationId, reason);
        return new(null, Unavailable);
    }

    [LoggerMessage(1080, LogLevel.Information, "Person {Person} signed in through the provider of organization {Organization}")]
    private static partial void SignedIn(ILogger log, Guid person, Guid organization);

    [LoggerMessage(1081, LogLevel.Warning, "Refused what the provider of organization {Organization} sent: {Reason}")]
    private static partial void Refused(ILogger log, Guid organization, string reason);

    [LoggerMessage(1082, LogLevel.Warning, "The provider of organization {Organization} does not serve, at step {Step}: {Reason}")]
    private static partial void Unreachable(ILogger log, Guid organization, SsoStep step, string reason);
}
