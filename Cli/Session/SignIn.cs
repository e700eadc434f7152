using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Session;

/// <summary>
/// Signing in by the system's browser: authorization code with PKCE S256 (RFC 7636) to a loopback address (RFC 8252), code and tokens bound to a new key
/// (RFC 9449 §10), the answer bound to the request by <c>state</c>, <c>nonce</c> and <c>iss</c> (RFC 9207).
/// </summary>
internal sealed class SignIn(Terminal terminal, Surroundings surroundings, TimeProvider time)
{
    /// <param name="openBrowser">False prints the address only.</param>
    /// <param name="patience">How long the person may take.</param>
    public async Task<StoredSession> RunAsync(Uri hub, bool openBrowser, TimeSpan patience, CancellationToken ct)
    {
        using var http = OAuthHttp.Create();
        var client = new TokenClient(http, time);
        var server = await terminal.WaitAsync("Asking the Hub how to sign in", client.DiscoverAsync(hub, ct));
        using var receiver = new LoopbackReceiver();
        var request = new Request(EcPrivateKey.Generate(), Random(), Random(), Random());
        var address = Address(server, receiver.RedirectUri, request);

        terminal.Note($"Sign in at:\n\n  {address.AbsoluteUri}\n");
        if (openBrowser && !Browser.TryOpen(address, surroundings))
            terminal.Note("No browser could be opened; open the address above yourself, on this machine.");
        var code = await CodeAsync(receiver, request.State, server.Issuer, patience, ct);
        return await RedeemAsync(client, server, receiver.RedirectUri, code, request, ct);
    }

    private sealed record Request(EcPrivateKey Key, string Verifier, string State, string Nonce);

    private async Task<string> CodeAsync(LoopbackReceiver receiver, string state, string issuer, TimeSpan patience, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(patience);
        AuthorizationResponse response;
        try
        {
            response = await terminal.WaitAsync("Waiting for the browser", receiver.ReceiveAsync(state, issuer, deadline.Token));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new CommandError(ExitCode.TimedOut, "login.timeout", $"Nobody signed in within {patience.TotalMinutes:0.#} minutes.", "Run `czctl login` again.");
        }
        return response is { Code: { Length: > 0 } code, Error: null }
            ? code
            : throw CommandError.Refused("login.denied", $"The Hub did not sign you in: {response.ErrorDescription ?? response.Error ?? "it gave no reason"}.", "Run `czctl login` again.");
    }

    private async Task<StoredSession> RedeemAsync(TokenClient client, ServerMetadata server, Uri redirectUri, string code, Request request, CancellationToken ct)
    {
        IssuedTokens tokens;
        try
        {
            tokens = await client.RequestAsync(server.TokenEndpoint, request.Key, new Dictionary<string, string>
            {
                ["grant_type"] = "authorization_code",
                ["code"] = code,
                ["redirect_uri"] = redirectUri.AbsoluteUri,
                ["code_verifier"] = request.Verifier,
            }, ct);
        }
        catch (TokenRefusedException refusal)
        {
            throw CommandError.Refused("login.refused", $"The Hub did not complete the sign-in ({refusal.Message}).", "Run `czctl login` again.");
        }
        return StoredSession.Begin(server, tokens, request.Key, request.Nonce, time.GetUtcNow());
    }

    private static Uri Address(ServerMetadata server, Uri redirectUri, Request request)
    {
        var query = new Dictionary<string, string>
        {
            ["response_type"] = "code",
            ["client_id"] = TokenClient.ClientId,
            ["redirect_uri"] = redirectUri.AbsoluteUri,
            ["scope"] = TokenClient.Scope,
            ["state"] = request.State,
            ["nonce"] = request.Nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(request.Verifier))),
            ["code_challenge_method"] = "S256",
            ["dpop_jkt"] = request.Key.PublicKey.Thumbprint,
        };
        var separator = server.AuthorizationEndpoint.Query.Length > 0 ? '&' : '?';
        return new Uri($"{server.AuthorizationEndpoint.AbsoluteUri}{separator}{string.Join('&', query.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"))}");
    }

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}
