using System.CommandLine;
using System.Globalization;
using System.Net;
using CodeZero.AppManifest;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>
/// czctl upgrade and czctl configure: an install in another version or edition, or with other answers. Shows what changes before anything does;
/// asking for what is there already changes nothing.
/// </summary>
internal static class ChangeCommands
{
    private static readonly Option<string?> Version = new("--version") { Description = "Default: the newest.", HelpName = "VERSION" };
    private static readonly Option<string?> Edition = new("--edition") { Description = "Default: the one that is installed.", HelpName = "EDITION" };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    public static CzCommand Upgrade() => new CzCommand("upgrade", "Take an install to another version. Its answers are kept, unless new ones are given.",
    [
        "czctl upgrade vault/vaultwarden --cluster production",
        "czctl upgrade vault/vaultwarden --cluster production --version 1.32.5 --yes",
    ], (context, ct) => RunAsync(context, VersionToTakeAsync, ct)).With(
        InstallReference.Install, InstallReference.Cluster, Version, Edition, Answers.Set, Answers.SetFile, Answers.File, ClusterKeys.AgentThumbprint, Yes);

    public static CzCommand Configure() => new CzCommand("configure", "Give an install new answers, in the place of all earlier ones, or another edition.",
    [
        "czctl configure vault/vaultwarden --cluster production --set SIGNUPS_ALLOWED=true",
        "czctl configure wiki/wiki --cluster demo --answers answers.json --yes",
    ], ConfigureAsync).With(InstallReference.Install, InstallReference.Cluster, Edition, Answers.Set, Answers.SetFile, Answers.File, ClusterKeys.AgentThumbprint, Yes);

    private sealed record Document(bool Changed, IReadOnlyList<InstallDifference> Changes, int ApprovalsVoided, Install Install);

    private static Task ConfigureAsync(CommandContext context, CancellationToken ct) => Answers.AreGiven(context) || context.Get(Edition) is not null
        ? RunAsync(context, (_, install, _) => Task.FromResult(install.Version), ct)
        : throw CommandError.Usage("Nothing is named that should change.", "Give answers (--set, --set-file, --answers) or --edition. For another version: czctl upgrade");

    private static async Task<string> VersionToTakeAsync(CommandContext context, Install install, CancellationToken ct)
    {
        if (context.Get(Version) is { } named)
            return named;
        var latest = (await AppReference.FindAsync(context, install.Publisher, install.App, ct)).Latest.Version;
        // A pre-release that is installed may be newer than the newest release.
        return (await context.Hub.Apps.VersionsOfAsync(install.Publisher, install.App, ct).FirstAsync(version => version.Version == latest || version.Version == install.Version, ct)).Version;
    }

    private static async Task RunAsync(CommandContext context, Func<CommandContext, Install, CancellationToken, Task<string>> choose, CancellationToken ct)
    {
        var organization = await context.OrganizationAsync(ct);
        var cluster = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindAsync(context, organization, context.Get(InstallReference.Cluster)!, ct));
        var found = await InstallReference.FindAsync(context, organization, cluster, context.Get(InstallReference.Install), ct);
        var (install, etag) = await context.Hub.Installs.GetAsync(organization, cluster.Id.ToString(), found.Id, ct);
        var reference = $"{install.Namespace}/{install.Name}";
        if (install.Removed)
            throw CommandError.Refused("install.removed", $"{reference} is being uninstalled, or was, and cannot be changed.", "Install it anew when it is gone.");

        var version = await context.Terminal.WaitAsync("Fetching the manifest", FetchAsync(context, install, await choose(context, install, ct), ct));
        var edition = EditionReference.Choose(VerifiedManifest.Check(version), context.Get(Edition) ?? install.Edition);
        if (!Answers.AreGiven(context) && (version.Digest, edition.Name) == (install.Manifest, install.Edition))
        {
            Print(context, cluster, new(false, [], 0, install));
            return;
        }

        var spec = EditionReference.SpecOf(edition, install.App);
        var present = await PresentAsync(context, install, ct);
        var answers = Answers.AreGiven(context) ? await Answers.GatherAsync(context, spec.Provisioner.Flow, ct) : null;
        if (answers is null)
            Answers.RequireNoMore(spec.Provisioner.Flow, install.Inputs is null ? Flow.Empty : present?.Provisioner.Flow);
        var changes = InstallDifference.Between(
            Parts(install.Version, install.Edition, present, null),
            Parts(version.Version, edition.Name, spec, answers)).ToList();
        Show(context, cluster, install, changes);
        if (!context.Get(Yes))
            context.Terminal.Confirm($"Change {reference} on {cluster.Name} so?", "Look at it, then add --yes.");

        var change = new InstallChange(version.Version, edition.Name, answers is null ? null : ClusterKeys.Seal(context, cluster, install.Id, answers));
        var changed = (await context.Terminal.WaitAsync($"Changing {reference}", context.Hub.Installs.ChangeAsync(organization, cluster.Id.ToString(), install.Id, change, etag!, ct))).Value;
        Print(context, cluster, new(true, changes, install.Approvals.Count, changed));
    }

    /// <summary>The version; the one that is installed by its digest, since it may be withdrawn.</summary>
    private static Task<ApplicationVersion> FetchAsync(CommandContext context, Install install, string version, CancellationToken ct) =>
        AppReference.VersionAsync(context, install.Publisher, install.App, version == install.Version ? install.Manifest : version, ct);

    /// <summary>What is installed now; null when its publisher shows it no longer.</summary>
    private static async Task<EditionSpec?> PresentAsync(CommandContext context, Install install, CancellationToken ct)
    {
        try
        {
            var version = await context.Hub.Apps.VersionAsync(install.Publisher, install.App, install.Manifest, ct);
            return VerifiedManifest.Check(version.Manifest, install.Manifest).Edition(install.Edition) is { } edition ? EditionReference.SpecOf(edition, install.App) : null;
        }
        catch (HubException refused) when (refused.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private static IEnumerable<(string Label, string Text)> Parts(string version, string edition, EditionSpec? spec, IReadOnlyDictionary<string, string>? answers)
    {
        IEnumerable<(string, string)> parts = [("version", version), ("edition", edition), .. spec is null ? [] : InstallContent.PartsOf(spec)];
        return answers is null ? parts : parts.Append(("answers", answers.Count == 0 ? "the defaults of all" : $"{string.Join(", ", answers.Keys)}; the defaults of all others"));
    }

    private static void Show(CommandContext context, Cluster cluster, Install install, IReadOnlyList<InstallDifference> changes)
    {
        if (context.Terminal.Form == OutputForm.Json)
            return;
        context.Terminal.Note($"CHANGE {install.Namespace}/{install.Name} ({install.Publisher}/{install.App}) on {cluster.Name}");
        foreach (var change in changes)
            context.Terminal.Note($"  {change}");
        if (install.Approvals.Count > 0)
            context.Terminal.Note(string.Create(CultureInfo.InvariantCulture, $"  {"approvals",-12}the {install.Approvals.Count} it has no longer count"));
    }

    private static void Print(CommandContext context, Cluster cluster, Document document) => context.Terminal.Result(document, output =>
    {
        var install = document.Install;
        var what = $"{install.Publisher}/{install.App} {install.Version} ({install.Edition})";
        output.WriteLine($"{install.Namespace}/{install.Name} on {cluster.Name} {(document.Changed ? "is now wanted as" : "is already")} {what}.");
        InstallHints.Approval(output, cluster, install);
        InstallHints.Watch(output, cluster, install);
    });
}

/// <summary>One thing that an install has otherwise than before.</summary>
/// <param name="What"><c>version</c>, <c>image</c>, <c>volume</c>, …</param>
/// <param name="From">Null for what is new.</param>
/// <param name="To">Null for what goes.</param>
internal sealed record InstallDifference(string What, string? From, string? To)
{
    /// <summary>What differs between two lists of labelled texts, in their order.</summary>
    public static IEnumerable<InstallDifference> Between(IEnumerable<(string Label, string Text)> before, IEnumerable<(string Label, string Text)> after)
    {
        var (old, now) = (before.ToList(), after.ToList());
        foreach (var label in old.Concat(now).Select(part => part.Label).Distinct())
        {
            var gone = old.Except(now).Where(part => part.Label == label).Select(part => part.Text).ToList();
            var come = now.Except(old).Where(part => part.Label == label).Select(part => part.Text).ToList();
            for (var i = 0; i < Math.Max(gone.Count, come.Count); i++)
                yield return new(label, gone.ElementAtOrDefault(i), come.ElementAtOrDefault(i));
        }
    }

    public override string ToString() => $"{What,-12}{(From, To) switch
    {
        (null, _) => $"+ {To}",
        (_, null) => $"- {From}",
        _ => $"{From} → {To}",
    }}";
}
