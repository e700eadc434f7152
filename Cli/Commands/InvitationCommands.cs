using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl invitations list|send|resend|revoke</summary>
internal static class InvitationCommands
{
    private static readonly Argument<string> Email = new("email") { Description = "The e-mail address." };
    private static readonly Option<string> Role = new Option<string>("--role") { Description = "The role to offer, at most your own.", DefaultValueFactory = _ => "developer", HelpName = "ROLE" }.AcceptOnlyFromAmong(MemberCommands.Roles);

    public static Command Create() => new("invitations", "Invitations: send, list, send again, revoke.")
    {
        new CzCommand("list", "List the organization's invitations.", ["czctl invitations list"], ListAsync),
        new CzCommand("send", "Invite whoever has an e-mail address.", ["czctl invitations send ada@example.com", "czctl invitations send ada@example.com --role admin"], SendAsync).With(Email, Role),
        new CzCommand("resend", "Send another message; the one before is void.", ["czctl invitations resend ada@example.com"], ResendAsync).With(Email),
        new CzCommand("revoke", "Withdraw an invitation.", ["czctl invitations revoke ada@example.com"], RevokeAsync).With(Email),
    };

    private static async Task ListAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var items = await context.Terminal.WaitAsync("Asking the Hub", context.Hub.Members.InvitationsAsync(organization, ct).ToListAsync(ct).AsTask());
        var now = context.Time.GetUtcNow();
        context.Terminal.Result(new { items }, output => Table.Write(output, ["ADDRESS", "ROLE", "STATE", "SENT", "EXPIRES"],
            [.. items.Select(one => new[] { Terminal.Printable(one.Email), one.Role, one.State, Times.Ago(one.SentAt, now), Times.Until(one.ExpiresAt, now) })]));
    }

    private static async Task SendAsync(CommandContext context, CancellationToken ct)
    {
        var (organization, email, role) = (await context.OrganizationAsync(ct), context.Get(Email), context.Get(Role)!);
        var invitation = await context.Terminal.WaitAsync("Sending", SendAsync(context, organization, email, role, ct));
        context.Terminal.Result(invitation, output => output.WriteLine($"{Terminal.Printable(invitation.Email)} is invited as {invitation.Role}; the message works until {invitation.ExpiresAt.ToLocalTime():yyyy-MM-dd HH:mm}."));
    }

    private static async Task<Invitation> SendAsync(CommandContext context, string organization, string email, string role, CancellationToken ct)
    {
        try
        {
            return await context.Hub.Members.InviteAsync(organization, email, role, ct);
        }
        catch (HubException open) when (open.Code == "invitation.pending")
        {
            if (await FindAsync(context, organization, ct) is { } same && same.Role == role)
                return same;
            throw;
        }
    }

    private static async Task ResendAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var found = await context.Terminal.WaitAsync("Asking the Hub", FindAsync(context, organization, ct)) ?? throw NotFound(context, organization);
        var invitation = await context.Hub.Members.ResendAsync(organization, found.Id, ct);
        context.Terminal.Result(invitation, output => output.WriteLine($"Sent again to {Terminal.Printable(invitation.Email)}."));
    }

    private static async Task RevokeAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var found = await context.Terminal.WaitAsync("Asking the Hub", FindAsync(context, organization, ct)) ?? throw NotFound(context, organization);
        await context.Hub.Members.RevokeAsync(organization, found.Id, ct);
        context.Terminal.Result(new { invitation = found.Id, found.Email, revoked = true }, output => output.WriteLine($"The invitation of {Terminal.Printable(found.Email)} is withdrawn."));
    }

    /// <summary>The newest for the address that can still become something; null when there is none.</summary>
    private static async Task<Invitation?> FindAsync(CommandContext context, string organization, CancellationToken ct)
    {
        var email = context.Get(Email);
        await foreach (var invitation in context.Hub.Members.InvitationsAsync(organization, ct))
            if (invitation.Email.Equals(email, StringComparison.OrdinalIgnoreCase) && invitation.State is ("pending" or "expired"))
                return invitation;
        return null;
    }

    private static CommandError NotFound(CommandContext context, string organization) =>
        CommandError.NotFound($"{organization} has no open invitation for \"{context.Get(Email)}\".", "See: czctl invitations list");
}
