using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl pause and czctl resume: whether the cluster changes anything of an install. Neither needs an approval; the same again changes nothing.</summary>
internal static class PauseCommands
{
    public static CzCommand Pause() => Create("pause", "Keep what an install has in the cluster as it is, until it is resumed.", paused: true);
    public static CzCommand Resume() => Create("resume", "Let the cluster bring an install to what is wanted again.", paused: false);

    private static CzCommand Create(string name, string description, bool paused) =>
        new CzCommand(name, description, [$"czctl {name} vault/vaultwarden --cluster production"], (context, ct) => RunAsync(context, paused, ct))
            .With(InstallReference.Install, InstallReference.Cluster);

    private static async Task RunAsync(CommandContext context, bool paused, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var cluster = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindAsync(context, organization, context.Get(InstallReference.Cluster)!, ct));
        var found = await InstallReference.FindAsync(context, organization, cluster, context.Get(InstallReference.Install), ct);
        var (install, etag) = await context.Hub.Installs.GetAsync(organization, cluster.Id.ToString(), found.Id, ct);
        if (install.Paused != paused)
            install = (await context.Hub.Installs.ChangeAsync(organization, cluster.Id.ToString(), install.Id, new InstallChange(Paused: paused), etag!, ct)).Value;
        context.Terminal.Result(install, output =>
        {
            output.WriteLine($"{install.Namespace}/{install.Name} on {cluster.Name} {(install.Paused ? "is paused: what runs stays as it is" : "is not paused")}.");
            InstallHints.Watch(output, cluster, install);
        });
    }
}
