using System.CommandLine;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>czctl org list|use|create|leave, and czctl org keys</summary>
internal static class OrgCommands
{
    private static readonly Argument<string> Slug = new("organization") { Description = "Its slug or id." };
    private static readonly Argument<string> Name = new("name") { Description = "What it is called." };
    private static readonly Option<string?> NewSlug = new("--slug") { Description = "Its name in addresses, which never changes. Default: made from the name.", HelpName = "SLUG" };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    public static Command Create() => new("org", "Organizations.")
    {
        new CzCommand("list", "List the organizations you are in.", ["czctl org list"], ListAsync),
        new CzCommand("use", "Work in this organization from now on, at this Hub.", ["czctl org use acme"], UseAsync).With(Slug),
        new CzCommand("create", "Make an organization, which you own.", ["czctl org create 'Acme Ltd' --slug acme"], CreateAsync).With(Name, NewSlug),
        ApiKeyCommands.Create(),
        new CzCommand("leave", "Leave the organization. The last owner cannot.", ["czctl org leave --org acme --yes"], LeaveAsync).With(Yes),
    };

    private static async Task ListAsync(CommandContext context, CancellationToken ct)
    {
        var items = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Identity.OrganizationsAsync(ct).ToListAsync(ct).AsTask());
        var current = context.FindOrganization(items);
        context.Terminal.Result(new { items, current }, output => Table.Write(output, ["", "SLUG", "NAME", "ROLE"],
            [.. items.Select(organization => new[] { organization.Slug == current ? "*" : "", organization.Slug, organization.Name, organization.Role })]));
    }

    private static async Task CreateAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.Terminal.WaitAsync("Creating", context.Hub.Identity.CreateOrganizationAsync(context.Get(Name), context.Get(NewSlug), ct));
        context.Terminal.Result(new { organization }, output => output.WriteLine($"Created {organization.Slug}. Next: czctl org use {organization.Slug}"));
    }

    private static async Task LeaveAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        if (!context.Get(Yes))
            context.Terminal.Confirm($"Leave {organization}? You lose at once what you may do there.", "Add --yes.");
        await context.Hub.Members.LeaveAsync(organization, ct);
        context.Terminal.Result(new { organization, left = true }, output => output.WriteLine($"You have left {organization}."));
    }

    private static async Task UseAsync(CommandContext context, CancellationToken ct)
    {
        var wanted = context.Get(Slug);
        var mine = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Identity.OrganizationsAsync(ct).ToListAsync(ct).AsTask());
        var organization = mine.FirstOrDefault(one => one.Slug == wanted || one.Id.ToString() == wanted)
            ?? throw CommandError.NotFound($"You are in no organization \"{wanted}\".", $"You are in: {string.Join(", ", mine.Select(one => one.Slug))}.");
        context.Home.Write(context.Home.ReadSettings().WithOrganization(context.HubAddress, organization.Slug));
        context.Terminal.Result(new { organization }, output => output.WriteLine($"Working in {organization.Slug} ({Terminal.Printable(organization.Name)})."));
    }
}
