using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Session;

namespace CodeZero.Cli.Commands;

/// <summary>czctl login: signs in by the browser of this machine or another, and remembers the Hub.</summary>
internal static class LoginCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly Option<bool> NoBrowser = new("--no-browser") { Description = "Print the address instead of opening it." };

    private static readonly Option<bool> Device = new("--device") { Description = "Show a code to enter in a browser on another machine." };

    public static CzCommand Create() => new CzCommand("login", "Sign in at a Hub with your browser.",
    [
        "czctl login --hub https://hub.example.com",
        "BROWSER=firefox czctl login",
        "czctl login --device",
    ], RunAsync).With(NoBrowser, Device);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        if (context.Token is not null)
            throw CommandError.Usage("A token is given, and stands in for a sign-in.", $"Unset {TokenFromEnvironment.Variable}, and leave out --token-file, to sign in.");
        var hub = context.HubAddress;
        var store = new SessionStore(context.Home, hub);
        var session = context.Get(Device)
            ? await new DeviceSignIn(context.Terminal, context.Time).RunAsync(hub, ct)
            : await new SignIn(context.Terminal, context.Surroundings, context.Time).RunAsync(hub, openBrowser: !context.Get(NoBrowser), Patience, ct);
        using (await store.LockAsync(context.Time, ct))
            store.Write(session);
        context.Home.Write(context.Home.ReadSettings() with { Hub = hub.AbsoluteUri });
        var me = await context.Terminal.WaitAsync("Asking the Hub who you are", context.Hub.Identity.MeAsync(ct));
        context.Terminal.Result(new { hub = hub.AbsoluteUri, me.Id, me.Email, me.Organizations }, output => output.WriteLine($"Signed in at {hub.GetLeftPart(UriPartial.Authority)} as {Terminal.Printable(me.Email)}."));
    }
}

/// <summary>czctl logout: ends the sign-in here, and at the Hub where it can be told.</summary>
internal static class LogoutCommand
{
    public static CzCommand Create() => new("logout", "Forget the sign-in, and tell the Hub to.", ["czctl logout"], RunAsync);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var hub = context.HubAddress;
        var store = new SessionStore(context.Home, hub);
        using var locked = await store.LockAsync(context.Time, ct);
        var session = store.Read();
        store.Delete();
        var revoked = session?.RevocationEndpoint is { } endpoint && await RevokeAsync(context, endpoint, session.RefreshToken, ct);
        context.Terminal.Result(new { hub = hub.AbsoluteUri, signedOut = session is not null, revoked },
            output => output.WriteLine(session is null ? "You were not signed in." : $"Signed out of {hub.GetLeftPart(UriPartial.Authority)}."));
    }

    private static async Task<bool> RevokeAsync(CommandContext context, Uri endpoint, string refreshToken, CancellationToken ct)
    {
        using var http = OAuthHttp.Create();
        return await context.Terminal.WaitAsync("Telling the Hub", new TokenClient(http, context.Time).RevokeAsync(endpoint, refreshToken, ct));
    }
}

/// <summary>czctl whoami</summary>
internal static class WhoAmICommand
{
    public static CzCommand Create() => new("whoami", "Show who is signed in, where, and the organization in use.", ["czctl whoami --json"], RunAsync);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var organizations = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Identity.OrganizationsAsync(ct).ToListAsync(ct).AsTask());
        var me = context.Token is { IsKey: true } ? null : await context.Hub.Identity.MeAsync(ct);
        var named = context.FindOrganization(organizations);
        var chosen = organizations.FirstOrDefault(organization => organization.Slug == named || organization.Id.ToString() == named);
        var credential = context.Token is null ? "session" : me is null ? "apiKey" : "personalToken";
        context.Terminal.Result(new { hub = context.HubAddress.AbsoluteUri, credential, me?.Id, me?.Email, me?.Token, organization = chosen, organizations }, output =>
        {
            var who = me is null ? "An API key" : Terminal.Printable(me.Email) + (me.Token is { } token ? $", by the token \"{Terminal.Printable(token.Name)}\" ({string.Join(' ', token.Permissions)})," : "");
            output.WriteLine($"{who} at {context.HubAddress.GetLeftPart(UriPartial.Authority)}");
            foreach (var organization in organizations)
                output.WriteLine($"{(organization == chosen ? "*" : " ")} {Terminal.Printable(organization.Slug)} ({Terminal.Printable(organization.Name)}), {organization.Role}");
        });
    }
}
