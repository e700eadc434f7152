using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Session;

/// <summary>
/// Signing in where there is no browser (RFC 8628): czctl shows a code, a person enters it elsewhere, and czctl asks until they have. The device code and the tokens are bound
/// to a new key from the first request on (RFC 9449).
/// </summary>
internal sealed class DeviceSignIn(Terminal terminal, TimeProvider time)
{
    /// <summary>What RFC 8628 §3.2 and §3.5 say where the Hub does not.</summary>
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(5), SlowDown = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait for a Hub that does not answer.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    public async Task<StoredSession> RunAsync(Uri hub, CancellationToken ct)
    {
        using var http = OAuthHttp.Create();
        var client = new TokenClient(http, time);
        var server = await terminal.WaitAsync("Asking the Hub how to sign in", client.DiscoverAsync(hub, ct));
        if (server.DeviceAuthorizationEndpoint is not { } endpoint)
            throw CommandError.Refused("login.no_device", $"{hub} has no sign-in by a code.", "Sign in on a machine with a browser: czctl login");
        var key = EcPrivateKey.Generate();
        var codes = await terminal.WaitAsync("Asking the Hub for a code", RequestCodesAsync(client, endpoint, key, ct));
        Show(codes);
        var tokens = await terminal.WaitAsync("Waiting until the code is entered and allowed", PollAsync(client, server.TokenEndpoint, key, codes, ct));
        return StoredSession.Begin(server, tokens, key, nonce: null, time.GetUtcNow());
    }

    private static async Task<DeviceCodes> RequestCodesAsync(TokenClient client, Uri endpoint, EcPrivateKey key, CancellationToken ct)
    {
        try
        {
            return await client.RequestCodesAsync(endpoint, key, ct);
        }
        catch (TokenRefusedException refusal)
        {
            throw Refused(refusal);
        }
    }

    private void Show(DeviceCodes codes) => terminal.Show(
        new { device = new { codes.VerificationUri, codes.VerificationUriComplete, codes.UserCode, codes.ExpiresIn } },
        $"""
        Open this address in a browser on any machine:

          {codes.VerificationUri.AbsoluteUri}

        and enter the code {codes.UserCode}, which is good for {codes.ExpiresIn / 60} minutes.{(codes.VerificationUriComplete is { } complete ? $" Or open {complete.AbsoluteUri}" : "")}

        """);

    private async Task<IssuedTokens> PollAsync(TokenClient client, Uri endpoint, EcPrivateKey key, DeviceCodes codes, CancellationToken ct)
    {
        var end = time.GetUtcNow().AddSeconds(codes.ExpiresIn);
        var interval = codes.Interval is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : UsualInterval;
        var wait = interval;
        HubUnreachableException? lost = null;
        while (time.GetUtcNow() + wait < end)
        {
            await Task.Delay(wait, time, ct);
            try
            {
                return await client.RequestAsync(endpoint, key, new Dictionary<string, string> { ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["device_code"] = codes.DeviceCode }, ct);
            }
            catch (TokenRefusedException refusal) when (refusal.Error is "authorization_pending" or "slow_down")
            {
                interval += refusal.Error == "slow_down" ? SlowDown : TimeSpan.Zero;
                (wait, lost) = (interval, null);
            }
            catch (TokenRefusedException refusal)
            {
                throw Refused(refusal);
            }
            catch (HubUnreachableException unreachable)
            {
                (wait, lost) = (wait * 2 < LongestWait ? wait * 2 : LongestWait, unreachable); // it may be back before the code is void
            }
        }
        throw lost ?? (Exception)Late;
    }

    private static CommandError Refused(TokenRefusedException refusal) => refusal.Error switch
    {
        "access_denied" => CommandError.Refused("login.denied", "The sign-in was denied.", "If that was not you, run `czctl login --device` again, and give the code to nobody."),
        "expired_token" => Late,
        _ => CommandError.Refused("login.refused", $"The Hub did not complete the sign-in ({refusal.Message}).", "Run `czctl login --device` again."),
    };

    private static CommandError Late => new(ExitCode.TimedOut, "login.timeout", "Nobody entered and allowed the code in time.", "Run `czctl login --device` again.");
}
