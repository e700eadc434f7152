using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl org keys create|list|revoke</summary>
internal static class ApiKeyCommands
{
    private const string SeeList = "czctl org keys list";

    private static readonly Option<string?> Role = new Option<string?>("--role") { Description = "At most your own, and at most admin. Default: the lowest that has all the permissions.", HelpName = "ROLE" }
        .AcceptOnlyFromAmong("viewer", "billing", "developer", "admin");

    public static Command Create() => new("keys", "API keys: programs act with them for the organization, and for nobody in it.")
    {
        new CzCommand("create", "Make a key. Its secret alone goes to standard output, this once.", ["czctl org keys create ci --permission apps.publish --org acme > key"], CreateAsync)
            .With(TokenOptions.Name, TokenOptions.Permissions, Role, TokenOptions.Days),
        new CzCommand("list", "List the organization's keys.", ["czctl org keys list"], ListAsync),
        new CzCommand("revoke", "Make a key void at once.", ["czctl org keys revoke ci"], RevokeAsync).With(TokenOptions.Which),
    };

    private static async Task CreateAsync(CommandContext context, CancellationToken ct)
    {
        TokenOptions.RefuseQuiet(context);
        var made = await context.Terminal.WaitAsync("Making the key", context.Hub.Tokens.CreateKeyAsync(await context.OrganizationAsync(ct),
            new NewApiKey(context.Get(TokenOptions.Name), context.Get(TokenOptions.Permissions)!, context.Get(Role), context.Get(TokenOptions.Days)), ct));
        context.Terminal.Result(made, output => output.WriteLine(made.Secret));
        context.Terminal.Note($"Key {made.Key.Id}, as {made.Key.Role}, works until {made.Key.ExpiresAt.ToLocalTime():yyyy-MM-dd HH:mm}. Its secret is shown this once.");
    }

    private static async Task ListAsync(CommandContext context, CancellationToken ct)
    {
        var items = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Tokens.KeysAsync(await context.OrganizationAsync(ct), ct).ToListAsync(ct).AsTask());
        var now = context.Time.GetUtcNow();
        context.Terminal.Result(new { items }, output => Table.Write(output, ["ID", "NAME", "ROLE", "STATE", "LAST USED", "EXPIRES", "PERMISSIONS"],
            [.. items.Select(one => new[] { one.Id.ToString(), one.Name, one.Role, one.State, Times.Ago(one.LastUsedAt, now), Times.Until(one.ExpiresAt, now), string.Join(' ', one.Permissions) })]));
    }

    private static async Task RevokeAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var items = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Tokens.KeysAsync(organization, ct).ToListAsync(ct).AsTask());
        var found = TokenOptions.Find(items, context.Get(TokenOptions.Which), one => one.Id, one => one.Name, one => one.State, SeeList);
        await context.Hub.Tokens.RevokeKeyAsync(organization, found.Id, ct);
        context.Terminal.Result(new { key = found.Id, found.Name, revoked = true }, output => output.WriteLine($"{Terminal.Printable(found.Name)} is void."));
    }
}
