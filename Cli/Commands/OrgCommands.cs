using System.CommandLine;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>czctl org list|use</summary>
internal static class OrgCommands
{
    private static readonly Argument<string> Slug = new("organization") { Description = "Its slug or id." };

    public static Command Create() => new("org", "Organizations.")
    {
        new CzCommand("list", "List the organizations you are in.", ["czctl org list"], ListAsync),
        new CzCommand("use", "Work in this organization from now on, at this Hub.", ["czctl org use acme"], UseAsync).With(Slug),
    };

    private static async Task ListAsync(CommandContext context, CancellationToken ct)
    {
        var me = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Identity.MeAsync(ct));
        var current = context.FindOrganization(me);
        context.Terminal.Result(new { items = me.Organizations, current }, output => Table.Write(output, ["", "SLUG", "NAME", "ROLE"],
            [.. me.Organizations.Select(organization => new[] { organization.Slug == current ? "*" : "", organization.Slug, organization.Name, organization.Role })]));
    }

    private static async Task UseAsync(CommandContext context, CancellationToken ct)
    {
        var wanted = context.Get(Slug);
        var me = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Identity.MeAsync(ct));
        var organization = me.Organizations.FirstOrDefault(mine => mine.Slug == wanted || mine.Id.ToString() == wanted)
            ?? throw CommandError.NotFound($"You are in no organization \"{wanted}\".", $"You are in: {string.Join(", ", me.Organizations.Select(mine => mine.Slug))}.");
        context.Home.Write(context.Home.ReadSettings().WithOrganization(context.HubAddress, organization.Slug));
        context.Terminal.Result(new { organization }, output => output.WriteLine($"Working in {organization.Slug} ({Terminal.Printable(organization.Name)})."));
    }
}
