using System.CommandLine;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>czctl uninstall: asks for an install's removal. Asking again changes nothing.</summary>
internal static class UninstallCommand
{
    private static readonly Option<bool> IfPresent = new("--if-present") { Description = "Do nothing when there is no such install." };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    public static CzCommand Create() => new CzCommand("uninstall", "Remove an application from a cluster. Its volumes are kept.",
        ["czctl uninstall vault/vaultwarden --cluster production"], RunAsync).With(InstallReference.Install, InstallReference.Cluster, IfPresent, Yes);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var cluster = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindAsync(context, organization, context.Get(InstallReference.Cluster)!, ct));
        var named = context.Get(InstallReference.Install);
        if (context.Get(IfPresent) && await InstallReference.FindOrNullAsync(context, organization, cluster, named, ct) is not { FinishedAt: null })
        {
            context.Terminal.Result<object?>(null, output => output.WriteLine($"{named} is not there."));
            return;
        }
        var install = await InstallReference.FindAsync(context, organization, cluster, named, ct);
        var reference = $"{install.Namespace}/{install.Name}";
        if (!context.Get(Yes) && !install.Removed)
            context.Terminal.Confirm($"Remove {reference} ({install.Publisher}/{install.App} {install.Version}) from {cluster.Name}?", "Add --yes.");
        var removed = await context.Terminal.WaitAsync($"Removing {reference}", context.Hub.Installs.RemoveAsync(organization, cluster.Id.ToString(), install.Id, ct));
        context.Terminal.Result(removed, output =>
        {
            output.WriteLine(removed.FinishedAt is null ? $"{reference} is to be removed from {cluster.Name}." : $"{reference} is removed from {cluster.Name}.");
            if (removed.FinishedAt is null)
                InstallHints.Approval(output, cluster, removed);
        });
    }
}
