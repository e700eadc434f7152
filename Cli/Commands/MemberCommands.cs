using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl members list|role|remove</summary>
internal static class MemberCommands
{
    private static readonly Argument<string> Who = new("member") { Description = "The e-mail address or id." };
    private static readonly Argument<string> Role = new Argument<string>("role") { Description = "The role to give, at most your own." }.AcceptOnlyFromAmong(Roles);
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    /// <summary>The lowest first.</summary>
    public static string[] Roles => ["viewer", "billing", "developer", "admin", "owner"];

    public static Command Create() => new("members", "Members: list, give a role, remove.")
    {
        new CzCommand("list", "List the organization's members.", ["czctl members list"], ListAsync),
        new CzCommand("role", "Give a member another role.", ["czctl members role ada@example.com admin"], ChangeAsync).With(Who, Role),
        new CzCommand("remove", "Remove a member. They are out at their next request.", ["czctl members remove ada@example.com --yes"], RemoveAsync).With(Who, Yes),
    };

    private static async Task ListAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var items = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Members.ListAsync(organization, ct).ToListAsync(ct).AsTask());
        var now = context.Time.GetUtcNow();
        context.Terminal.Result(new { items }, output => Table.Write(output, ["MEMBER", "ROLE", "SINCE"],
            [.. items.Select(member => new[] { Terminal.Printable(member.Email), member.Role, Times.Ago(member.Since, now) })]));
    }

    private static async Task ChangeAsync(CommandContext context, CancellationToken ct)
    {
        var (organization, role) = (await context.OrganizationAsync(ct), context.Get(Role));
        var found = await context.Terminal.WaitAsync("Asking the Hub", FindAsync(context, organization, ct));
        var (member, etag) = await context.Hub.Members.GetAsync(organization, found.UserId, ct);
        if (member.Role != role)
            member = (await context.Hub.Members.ChangeAsync(organization, member.UserId, role, etag!, ct)).Value;
        context.Terminal.Result(member, output => output.WriteLine($"{Terminal.Printable(member.Email)} is {member.Role}."));
    }

    private static async Task RemoveAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var member = await context.Terminal.WaitAsync("Asking the Hub", FindAsync(context, organization, ct));
        if (!context.Get(Yes))
            context.Terminal.Confirm($"Remove {Terminal.Printable(member.Email)} from {organization}?", "Add --yes.");
        await context.Hub.Members.RemoveAsync(organization, member.UserId, ct);
        context.Terminal.Result(new { member, removed = true }, output => output.WriteLine($"{Terminal.Printable(member.Email)} is removed."));
    }

    private static async Task<Member> FindAsync(CommandContext context, string organization, CancellationToken ct)
    {
        var wanted = context.Get(Who);
        await foreach (var member in context.Hub.Members.ListAsync(organization, ct))
            if (member.Email.Equals(wanted, StringComparison.OrdinalIgnoreCase) || member.UserId.ToString() == wanted)
                return member;
        throw CommandError.NotFound($"{organization} has no member \"{wanted}\".", "See: czctl members list");
    }
}
