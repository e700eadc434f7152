using System.CommandLine;
using CodeZero.AppManifest;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl app publish: publishes every application of a manifest. Publishing the same again changes nothing.</summary>
internal static class PublishCommand
{
    private static readonly Argument<string> Manifest = new("manifest") { Description = "A manifest, or a directory with c6o.yaml, c6o.yml or c6o/app.yaml in it." };
    private static readonly Option<string?> Version = new("--version") { Description = "SemVer 2.0.0. Default: the next patch after the newest version; 1.0.0 at first.", HelpName = "VERSION" };

    private static readonly Option<string?> Visibility = new Option<string?>("--visibility")
    {
        Description = "Who may see and install the application: private (your organization) or public. Default: as it is; private at first. Needs the role admin.",
        HelpName = "private|public",
    }.AcceptOnlyFromAmong("private", "public");

    public static CzCommand Create() => new CzCommand("publish", "Publish a manifest with its editions and images.",
    [
        "czctl app publish .",
        "czctl app publish samples/vaultwarden --version 1.2.0 --visibility public",
    ], RunAsync).With(Manifest, Version, Visibility);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var files = ManifestFiles.Open(context.Get(Manifest));
        var parsed = ManifestParser.Parse(files);
        if (parsed.HasErrors)
            throw Invalid(files, parsed);
        var organization = await context.OrganizationAsync(ct);
        var manifest = new ManifestFile(files.Name, files.Manifest);
        var others = files.Referenced.Select(file => new ManifestFile(file.Key, file.Value)).ToList();

        var publications = new List<Publication>();
        foreach (var app in parsed.Applications)
        {
            var publishing = context.Hub.Apps.PublishAsync(organization, app.AppId, context.Get(Version), manifest, others, ct);
            var publication = await context.Terminal.WaitAsync($"Publishing {app.AppId}", publishing);
            publications.Add(publication with { Visibility = await ShowAsync(context, organization, publication, ct) });
        }
        context.Terminal.Result(new { publications }, output =>
        {
            foreach (var warning in ValidateCommand.Located(files, parsed))
                output.WriteLine(ValidateCommand.Paint(context.Terminal, warning));
            foreach (var published in publications)
                output.WriteLine($"{published.Publisher}/{published.App} {published.Version} is published ({published.Visibility}, {published.Digest}).");
        });
    }

    /// <summary>Makes the application as visible as asked, and tells how visible it is.</summary>
    private static async Task<string> ShowAsync(CommandContext context, string organization, Publication publication, CancellationToken ct)
    {
        if (context.Get(Visibility) is not { } wanted || wanted == publication.Visibility)
            return publication.Visibility;
        var current = await context.Hub.Apps.GetAsync(organization, publication.App, ct);
        return current.Value.Visibility == wanted
            ? wanted
            : (await context.Hub.Apps.SetVisibilityAsync(organization, publication.App, wanted, current.ETag ?? "*", ct)).Value.Visibility;
    }

    private static CommandError Invalid(ManifestFiles files, ManifestResult parsed) => CommandError.Refused("manifest.invalid",
        string.Join('\n', ValidateCommand.Located(files, parsed).Where(found => found.Severity == Severity.Error).Select(found => found.ToString()).Prepend("The manifest cannot be published:")),
        "Correct it; `czctl app validate` checks it without a Hub.");
}
