using System.CommandLine;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>czctl app list</summary>
internal static class AppListCommand
{
    private static readonly Option<bool> Public = new("--public") { Description = "The public catalogue instead of your organization's applications." };

    public static CzCommand Create() => new CzCommand("list", "List applications.", ["czctl app list", "czctl app list --public --json"], RunAsync).With(Public);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var listing = context.Get(Public) ? context.Hub.Apps.CatalogueAsync(ct) : context.Hub.Apps.ListAsync(await context.OrganizationAsync(ct), ct);
        var items = await context.Terminal.WaitAsync("Asking the Hub", listing.ToListAsync(ct).AsTask());
        context.Terminal.Result(new { items }, output => Table.Write(output, ["APPLICATION", "VERSION", "VISIBILITY", "NAME"],
            [.. items.Select(app => new[] { $"{app.Publisher}/{app.App}", app.Latest.Version, app.Visibility, app.Name })]));
    }
}
