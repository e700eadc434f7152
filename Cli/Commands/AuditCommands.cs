using System.CommandLine;
using System.Globalization;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl audit list|verify</summary>
internal static class AuditCommands
{
    private static readonly Option<string?> Actor = new("--actor") { Description = "Who did it: e-mail address or id.", HelpName = "WHO" };
    private static readonly Option<string?> Action = new("--action") { Description = "What was done, such as member.removed, or member.*", HelpName = "WHAT" };
    private static readonly Option<string?> Target = new("--target") { Description = "What it was done to: name or id.", HelpName = "WHICH" };
    private static readonly Option<int> Limit = new("--limit") { Description = "How many entries at most.", DefaultValueFactory = _ => 100, HelpName = "N" };
    private static readonly Option<long?> Sequence = new("--sequence") { Description = "The number of an entry whose hash you kept.", HelpName = "N" };
    private static readonly Option<string?> Hash = new("--hash") { Description = "Its hash.", HelpName = "HASH" };

    public static Command Create() => new("audit", "The audit log: what was done in the organization.")
    {
        new CzCommand("list", "List what was done, the newest first.", ["czctl audit list", "czctl audit list --action 'member.*' --actor ada@example.com"], ListAsync).With(Actor, Action, Target, Limit),
        new CzCommand("verify", "Check that no entry was changed or removed.", ["czctl audit verify", "czctl audit verify --sequence 4711 --hash 5f3a…"], VerifyAsync).With(Sequence, Hash),
    };

    private static async Task ListAsync(CommandContext context, CancellationToken ct)
    {
        if (context.Get(Limit) is < 1 and var limit)
            throw CommandError.Usage($"--limit {limit} is no number of entries.", "It begins with 1.");
        var organization = await context.OrganizationAsync(ct);
        var items = await context.Terminal.WaitAsync("Asking the Hub",
            context.Hub.Audit.ListAsync(organization, context.Get(Actor), context.Get(Action), context.Get(Target), ct).Take(context.Get(Limit)).ToListAsync(ct).AsTask());
        var now = context.Time.GetUtcNow();
        context.Terminal.Result(new { items }, output => Table.Write(output, ["NO", "WHEN", "WHO", "WHAT", "TO WHAT", "FROM"], [.. items.Select(entry => Row(entry, now))]));
    }

    private static string[] Row(AuditEntry entry, DateTimeOffset now) =>
    [
        entry.Sequence.ToString(CultureInfo.InvariantCulture), Times.Clock(entry.OccurredAt, now), Terminal.Printable(entry.Actor.Name ?? entry.Actor.Id ?? entry.Actor.Kind),
        Terminal.Printable(entry.Action), Terminal.Printable(entry.Target.Name ?? entry.Target.Id), Terminal.Printable(entry.IpAddress ?? ""),
    ];

    private static async Task<int> VerifyAsync(CommandContext context, CancellationToken ct)
    {
        (long, string)? known = (context.Get(Sequence), context.Get(Hash)) switch
        {
            (null, null) => null,
            ({ } sequence, { } hash) => (sequence, hash),
            _ => throw CommandError.Usage("--sequence and --hash belong together.", "Give both, or neither."),
        };
        var organization = await context.OrganizationAsync(ct);
        var found = await context.Terminal.WaitAsync("Checking", context.Hub.Audit.VerifyAsync(organization, known, ct));
        context.Terminal.Result(found, output => output.WriteLine(found.Intact
            ? string.Create(CultureInfo.InvariantCulture, $"Intact. Keep this elsewhere: --sequence {found.Sequence} --hash {found.Hash}")
            : $"BROKEN: {Terminal.Printable(found.Fault)}"));
        return found.Intact ? ExitCode.Ok : ExitCode.Refused;
    }
}
