using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>
/// czctl install: wants an application on a cluster. Answers are judged here, and sealed to the cluster's own key before they leave this machine.
/// Installing the same again changes nothing.
/// </summary>
internal static class InstallCommand
{
    private static readonly Argument<string> App = new("application") { Description = "publisher/app." };
    private static readonly Option<string> Namespace = new("--namespace", "-n") { Description = "The Kubernetes namespace, one that is CodeZero's or empty.", HelpName = "NS", Required = true };
    private static readonly Option<string?> Name = new("--name") { Description = "The App's name in the cluster. Default: the application's.", HelpName = "NAME" };
    private static readonly Option<string?> EditionName = new("--edition") { Description = "Default: the only one on offer, or latest.", HelpName = "EDITION" };
    private static readonly Option<string?> Version = new("--version") { Description = "Default: the newest.", HelpName = "VERSION" };

    public static CzCommand Create() => new CzCommand("install", "Install an application on a cluster.",
    [
        "czctl install acme/vaultwarden --cluster production --namespace vault --set SIGNUPS_ALLOWED=false",
        "czctl install acme/wiki --cluster demo -n wiki --edition stable --set-file ADMIN_PASSWORD=password.txt",
        "pass show wiki | czctl install acme/wiki --cluster demo -n wiki --set-file ADMIN_PASSWORD=-",
    ], RunAsync).With(App, InstallReference.Cluster, Namespace, Name, EditionName, Version, Answers.Set, Answers.SetFile, Answers.File, ClusterKeys.AgentThumbprint);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var (publisher, app) = await AppReference.ReadAsync(context, context.Get(App), ct);
        var (name, ns) = (context.Get(Name) ?? app, context.Get(Namespace)!);
        var organization = await context.OrganizationAsync(ct);
        var cluster = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindAsync(context, organization, context.Get(InstallReference.Cluster)!, ct));
        var existing = await InstallReference.FindOrNullAsync(context, organization, cluster, $"{ns}/{name}", ct);
        if (existing is { Removed: false } && IsSame(context, existing, publisher, app))
        {
            Print(context, cluster, existing, isNew: false);
            return;
        }

        var version = await VersionAsync(context, publisher, app, ct);
        var edition = EditionReference.Choose(VerifiedManifest.Check(version), context.Get(EditionName));
        var answers = await Answers.GatherAsync(context, EditionReference.SpecOf(edition, app).Provisioner.Flow, ct);
        // The answers are sealed to the install too, so its id is chosen here.
        var id = Guid.CreateVersion7(context.Time.GetUtcNow());
        var inputs = answers.Count == 0 ? null : ClusterKeys.Seal(context, cluster, id, answers);
        var wanted = new NewInstall($"{publisher}/{app}", edition.Name, version.Version, name, ns, inputs, id);
        Print(context, cluster, await context.Terminal.WaitAsync($"Installing {publisher}/{app}", context.Hub.Installs.CreateAsync(organization, cluster.Id.ToString(), wanted, ct)), isNew: true);
    }

    private static bool IsSame(CommandContext context, Install existing, string publisher, string app) =>
        (existing.Publisher, existing.App) == (publisher, app)
        && (context.Get(EditionName) ?? existing.Edition) == existing.Edition && (context.Get(Version) ?? existing.Version) == existing.Version;

    private static async Task<ApplicationVersion> VersionAsync(CommandContext context, string publisher, string app, CancellationToken ct)
    {
        var version = context.Get(Version) ?? (await AppReference.FindAsync(context, publisher, app, ct)).Latest.Version;
        return await context.Terminal.WaitAsync("Fetching the manifest", AppReference.VersionAsync(context, publisher, app, version, ct));
    }

    private static void Print(CommandContext context, Cluster cluster, Install install, bool isNew) => context.Terminal.Result(install, output =>
    {
        var reference = $"{install.Namespace}/{install.Name}";
        output.WriteLine(isNew
            ? $"{reference} on {cluster.Name} is wanted: {install.Publisher}/{install.App} {install.Version} ({install.Edition})."
            : $"{reference} on {cluster.Name} is there already: {install.Publisher}/{install.App} {install.Version} ({install.Edition}). Its answers are sealed; they were neither compared nor changed.");
        InstallHints.Approval(output, cluster, install);
        InstallHints.Watch(output, cluster, install);
    });
}
