using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl tokens create|list|revoke</summary>
internal static class TokenCommands
{
    private const string SeeList = "czctl tokens list";

    private static readonly Option<string[]> Only = new("--only") { Description = "Limit it to this organization of yours; may be repeated. Default: all, also those of later.", HelpName = "ORG" };

    public static Command Create() => new("tokens", "Your personal access tokens: programs do with them what you may, within their permissions.")
    {
        new CzCommand("create", "Make a token. Its secret alone goes to standard output, this once.",
            ["czctl tokens create ci --permission apps.publish --only acme > token", "CZCTL_TOKEN=$(cat token) czctl app publish ."], CreateAsync).With(TokenOptions.Name, TokenOptions.Permissions, Only, TokenOptions.Days),
        new CzCommand("list", "List your tokens.", ["czctl tokens list"], ListAsync),
        new CzCommand("revoke", "Make a token void at once.", ["czctl tokens revoke ci"], RevokeAsync).With(TokenOptions.Which),
    };

    private static async Task CreateAsync(CommandContext context, CancellationToken ct)
    {
        TokenOptions.RefuseQuiet(context);
        var only = context.Get(Only) is { Length: > 0 } chosen ? chosen : null;
        var made = await context.Terminal.WaitAsync("Making the token", context.Hub.Tokens.CreateAsync(
            new NewPersonalToken(context.Get(TokenOptions.Name), context.Get(TokenOptions.Permissions)!, only, context.Get(TokenOptions.Days)), ct));
        context.Terminal.Result(made, output => output.WriteLine(made.Secret));
        context.Terminal.Note($"Token {made.Token.Id} works until {made.Token.ExpiresAt.ToLocalTime():yyyy-MM-dd HH:mm}. Its secret is shown this once.");
    }

    private static async Task ListAsync(CommandContext context, CancellationToken ct)
    {
        var items = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Tokens.ListAsync(ct).ToListAsync(ct).AsTask());
        var now = context.Time.GetUtcNow();
        context.Terminal.Result(new { items }, output => Table.Write(output, ["ID", "NAME", "STATE", "LAST USED", "EXPIRES", "PERMISSIONS"],
            [.. items.Select(one => new[] { one.Id.ToString(), one.Name, one.State, Times.Ago(one.LastUsedAt, now), Times.Until(one.ExpiresAt, now), string.Join(' ', one.Permissions) })]));
    }

    private static async Task RevokeAsync(CommandContext context, CancellationToken ct)
    {
        var items = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Tokens.ListAsync(ct).ToListAsync(ct).AsTask());
        var found = TokenOptions.Find(items, context.Get(TokenOptions.Which), one => one.Id, one => one.Name, one => one.State, SeeList);
        await context.Hub.Tokens.RevokeAsync(found.Id, ct);
        context.Terminal.Result(new { token = found.Id, found.Name, revoked = true }, output => output.WriteLine($"{Terminal.Printable(found.Name)} is void."));
    }
}
