using System.CommandLine;
using CodeZero.AppManifest;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>czctl app validate: judges a manifest as the Hub would, without one.</summary>
internal static class ValidateCommand
{
    private static readonly Argument<string> Manifest = new("manifest") { Description = "A manifest, or a directory with c6o.yaml, c6o.yml or c6o/app.yaml in it." };
    private static readonly Option<bool> Strict = new("--strict") { Description = "Unknown keys of known provisioners are errors." };
    private static readonly Option<bool> Importer = new("--importer") { Description = "Repair what catalogues of the original system got wrong, where its meaning is certain." };

    public static CzCommand Create() => new CzCommand("validate", "Check a manifest and its files. Needs no Hub. Ends with 1 when it has errors.",
    [
        "czctl app validate .",
        "czctl app validate samples/vaultwarden --json",
    ], RunAsync).With(Manifest, Strict, Importer);

    private static Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var files = ManifestFiles.Open(context.Get(Manifest));
        var result = ManifestParser.Parse(files, new ManifestOptions { Strict = context.Get(Strict), Importer = context.Get(Importer) });
        var diagnostics = Located(files, result).ToList();
        var document = new
        {
            valid = !result.HasErrors,
            file = Path.Combine(files.Directory, files.Name),
            applications = result.Applications.Select(app => new
            {
                app.AppId,
                app.Name,
                digest = app.Digest.ToString(),
                editions = app.Editions.Select(edition => new { edition.Name, edition.Status }),
            }),
            diagnostics,
        };
        context.Terminal.Result(document, output =>
        {
            foreach (var found in diagnostics)
                output.WriteLine(Paint(context.Terminal, found));
            foreach (var app in result.HasErrors ? [] : result.Applications)
                output.WriteLine($"{app.AppId}: valid, {app.Editions.Count} edition{(app.Editions.Count == 1 ? "" : "s")} ({string.Join(", ", app.Editions.Select(edition => edition.Name))}), {app.Digest}");
        });
        return Task.FromResult(result.HasErrors ? ExitCode.Refused : ExitCode.Ok);
    }

    /// <summary>The findings with their files as they are found from the working directory, where an editor or a terminal opens them.</summary>
    public static IEnumerable<Diagnostic> Located(ManifestFiles files, ManifestResult result) =>
        result.Diagnostics.Select(found => found.File.Length == 0 ? found : found with { File = Path.Combine(files.Directory, found.File) });

    /// <summary>A finding on one line, its severity in colour.</summary>
    public static string Paint(Terminal terminal, Diagnostic found)
    {
        var line = Terminal.Printable(found.ToString());
        return found.Severity switch
        {
            Severity.Error => terminal.Paint(Ink.Bad, line),
            Severity.Warning => terminal.Paint(Ink.Waiting, line),
            _ => terminal.Paint(Ink.Faint, line),
        };
    }
}
