using System.CommandLine;
using System.Globalization;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl status: where installs stand on the way published → approved → fetched → verified → applied → healthy, and why.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private const string Removed = "removed", Healthy = "healthy";
    private static readonly string[] s_steps = ["published", "approved", "fetched", "verified", "applied", Healthy];
    private static readonly Argument<string?> Install = new("install") { Description = "namespace/name or id. Default: every install of the cluster.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> Watch = new("--watch", "-w") { Description = "Show every change until interrupted." };
    private static readonly Option<string?> Wait = new Option<string?>("--wait") { Description = "Wait until this step is done, or the install is removed. Ends with 6 when the time is over.", HelpName = "STEP|removed" }
        .AcceptOnlyFromAmong([.. s_steps, Removed]);
    private static readonly Option<string> Timeout = new("--timeout") { Description = "How long to wait.", DefaultValueFactory = _ => "5m", HelpName = "DURATION" };

    public static CzCommand Create() => new CzCommand("status", "Show where installs stand, with each step's time and reason.",
    [
        "czctl status --cluster production",
        "czctl status vault/vaultwarden --cluster production --watch",
        "czctl status vault/vaultwarden --cluster production --wait healthy --timeout 10m",
    ], RunAsync).With(Install, InstallReference.Cluster, Watch, Wait, Timeout);

    private sealed record Document(Cluster Cluster, IReadOnlyList<Install> Installs);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        if (!Times.TryParse(context.Get(Timeout), out var patience))
            throw CommandError.Usage($"--timeout takes a duration, such as 90s, 5m or 1h; not \"{context.Get(Timeout)}\".");
        if (context.Get(Wait) is not null && context.Get(Install) is null)
            throw CommandError.Usage("--wait needs to know which install.", "Name it: czctl status NAMESPACE/NAME --wait healthy");
        var organization = await context.OrganizationAsync(ct);
        var current = await context.Terminal.WaitAsync("Asking the Hub", ReadAsync(context, organization, ct));
        if (context.Get(Wait) is { } step && current.Installs.Count > 0)
            current = await context.Terminal.WaitAsync($"Waiting for {step}", UntilAsync(context, organization, current, step, patience, ct));
        Print(context, current);
        while (context.Get(Watch))
        {
            await Task.Delay(Interval, context.Time, ct);
            var next = await ReadAsync(context, organization, ct);
            if (!Same(current, next))
                Print(context, next);
            current = next;
        }
    }

    private static async Task<Document> ReadAsync(CommandContext context, string organization, CancellationToken ct)
    {
        var cluster = await ClusterReference.FindAsync(context, organization, context.Get(InstallReference.Cluster)!, ct);
        if (context.Get(Install) is { } named)
        {
            if ((await InstallReference.FindOrNullAsync(context, organization, cluster, named, ct) ?? await InstallReference.FindFinishedAsync(context, organization, cluster, named, ct)) is { } install)
                return new(cluster, [install]);
            // Who waits for the removal of what never was has waited enough.
            return new(cluster, context.Get(Wait) == Removed ? [] : [await InstallReference.FindAsync(context, organization, cluster, named, ct)]);
        }
        return new(cluster, await context.Hub.Installs.ListAsync(organization, cluster.Id.ToString(), ct).ToListAsync(ct));
    }

    private static async Task<Document> UntilAsync(CommandContext context, string organization, Document current, string step, TimeSpan patience, CancellationToken ct)
    {
        var started = context.Time.GetTimestamp();
        // The same install until the end, whatever takes its name meanwhile.
        var id = current.Installs[0].Id;
        while (!IsReached(current.Installs[0], step))
        {
            if (current.Installs[0].Removed && step == Healthy)
                throw Leaving(context, current);
            if (context.Time.GetElapsedTime(started) > patience)
                throw TimedOut(current, step, patience);
            await Task.Delay(Interval, context.Time, ct);
            var cluster = await context.Hub.Clusters.GetAsync(organization, current.Cluster.Id.ToString(), ct);
            current = new(cluster, [(await context.Hub.Installs.GetAsync(organization, cluster.Id.ToString(), id, ct)).Value]);
        }
        return current;
    }

    internal static bool IsReached(Install install, string step) => step switch
    {
        Removed => install.FinishedAt is not null,
        Healthy when install.Removed => false, // its health is not required, and not there either
        _ => install.Chain.FirstOrDefault(link => link.Step == step) is { State: "done" or "notRequired" },
    };

    private static CommandError Leaving(CommandContext context, Document current)
    {
        var install = current.Installs[0];
        return CommandError.Refused("install.removed", $"{install.Namespace}/{install.Name} {(install.FinishedAt is { } at
            ? $"was uninstalled ({Times.Clock(at, context.Time.GetUtcNow())})" : "is being uninstalled")} and does not become healthy.",
            $"To have it again once it is gone: czctl install {install.Publisher}/{install.App} --cluster {current.Cluster.Name} --namespace {install.Namespace}");
    }

    private static CommandError TimedOut(Document current, string step, TimeSpan patience)
    {
        var install = current.Installs[0];
        var broken = install.Chain.FirstOrDefault(link => link.State is "refused" or "waiting");
        var why = broken is null ? "" : $" It stands at {broken.Step}: {(broken.Detail ?? broken.Code ?? broken.State).TrimEnd('.')}.";
        var errors = install.FirstErrors.Count == 0 ? "" : $" First error: {install.FirstErrors[0]}";
        return new(ExitCode.TimedOut, "status.timeout", string.Create(CultureInfo.InvariantCulture, $"{install.Namespace}/{install.Name} was not {step} within {patience.TotalSeconds:0} s.{why}{errors}"),
            "Mend what is named, or wait longer with --timeout.");
    }

    private static bool Same(Document one, Document other) =>
        one.Cluster.Status == other.Cluster.Status && one.Installs.Count == other.Installs.Count
        && one.Installs.Zip(other.Installs).All(pair => pair.First.Id == pair.Second.Id && pair.First.Phase == pair.Second.Phase && pair.First.Drift == pair.Second.Drift
            && pair.First.Chain.SequenceEqual(pair.Second.Chain) && pair.First.FirstErrors.SequenceEqual(pair.Second.FirstErrors));

    private static void Print(CommandContext context, Document document) => context.Terminal.Result(document, output =>
    {
        var now = context.Time.GetUtcNow();
        output.WriteLine($"{document.Cluster.Name}: {document.Cluster.Status}, last seen {Times.Ago(document.Cluster.LastSeen, now)}, next expected {Times.Until(document.Cluster.NextExpected, now)}");
        if (document.Installs.Count == 0)
            output.WriteLine(context.Get(Install) is { } named ? $"{named} is not there." : "Nothing is installed.");
        foreach (var install in document.Installs)
            StatusText.Write(output, context.Terminal, install, now);
    });
}
