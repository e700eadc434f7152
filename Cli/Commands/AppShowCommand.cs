using System.CommandLine;
using System.Globalization;
using System.Text;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl app show</summary>
internal static class AppShowCommand
{
    private static readonly Argument<string> App = new("application") { Description = "publisher/app; without a publisher, your organization's." };
    private static readonly Option<string?> Version = new("--version") { Description = "A version, or the digest of one. Default: the newest.", HelpName = "VERSION" };
    private static readonly Option<bool> Manifest = new("--manifest") { Description = "Print the canonical manifest, which the digest is taken of." };

    public static CzCommand Create() => new CzCommand("show", "Show an application, its editions and its versions.",
    [
        "czctl app show acme/vaultwarden",
        "czctl app show vaultwarden --version 1.0.0 --manifest",
    ], RunAsync).With(App, Version, Manifest);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var (publisher, app) = await AppReference.ReadAsync(context, context.Get(App), ct);
        var application = await context.Terminal.WaitAsync("Asking the Hub", AppReference.FindAsync(context, publisher, app, ct));
        var version = await AppReference.VersionAsync(context, publisher, app, context.Get(Version) ?? application.Latest.Version, ct);
        var manifest = VerifiedManifest.Check(version);
        if (context.Get(Manifest))
        {
            context.Terminal.Result(version.Manifest, output => output.WriteLine(Encoding.UTF8.GetString(manifest.Canonical.Span)));
            return;
        }
        var versions = await context.Hub.Apps.VersionsOfAsync(publisher, app, ct).ToListAsync(ct);
        context.Terminal.Result(new { application, version = new { version.Version, version.Digest, version.PublishedAt }, editions = manifest.Editions.Select(one => new { one.Name, one.Status }), versions },
            output => Write(output, application, version, manifest, versions));
    }

    private static void Write(TextWriter output, Hub.Client.Application application, ApplicationVersion version, AppManifest.Application manifest, IReadOnlyList<VersionName> versions)
    {
        output.WriteLine($"{application.Publisher}/{application.App}: {Terminal.Printable(manifest.Name)} ({application.Visibility})");
        if (manifest.Summary is { } summary)
            output.WriteLine(Terminal.Printable(summary));
        output.WriteLine();
        output.WriteLine($"version   {version.Version}, published {version.PublishedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}");
        output.WriteLine($"digest    {version.Digest}");
        output.WriteLine($"editions  {string.Join(", ", manifest.Editions.Select(edition => $"{edition.Name} ({edition.Status.ToString().ToLowerInvariant()})"))}");
        output.WriteLine();
        Table.Write(output, ["VERSION", "PUBLISHED", "DIGEST"], [.. versions.Select(one => new[] { one.Version, one.PublishedAt.ToString("u", CultureInfo.InvariantCulture), one.Digest })]);
    }
}
