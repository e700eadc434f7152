using System.Text;

namespace CodeZero.AppManifest.Tests;

public sealed class ManifestFilesTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("manifest-");
    private const string Edition = "name: stable\nspec:\n  provisioner: ignore\n";

    public void Dispose() => _directory.Delete(recursive: true);

    private string Write(string path, string content)
    {
        var file = new FileInfo(Path.Combine(_directory.FullName, path));
        file.Directory!.Create();
        File.WriteAllText(file.FullName, content);
        return file.FullName;
    }

    private static string Listing(params string[] editions) => $"appId: sample\nname: Sample\neditions: [{string.Join(", ", editions)}]";

    [Theory]
    [InlineData("c6o.yaml")]
    [InlineData("c6o.yml")]
    [InlineData("c6o/app.yaml")]
    public void A_directory_s_manifest_has_one_of_three_names(string name)
    {
        Write(name, Listing("edition.yaml"));
        Write(Path.Combine(Path.GetDirectoryName(name)!, "edition.yaml"), Edition);
        Assert.Single(ManifestParser.Parse(ManifestFiles.Open(_directory.FullName)).Applications);
    }

    [Fact]
    public void A_directory_without_a_manifest_says_what_was_expected() =>
        Assert.Contains("c6o/app.yaml", Assert.Throws<FileNotFoundException>(() => ManifestFiles.Open(_directory.FullName)).Message, StringComparison.Ordinal);

    [Fact]
    public void Findings_in_an_edition_file_name_that_file_and_its_lines()
    {
        Write("editions/bad.yaml", "name: stable\nspec:\n  provisioner: run\n");
        var found = Assert.Single(ManifestParser.Parse(ManifestFiles.Open(Write("c6o.yaml", Listing("editions/bad.yaml")))).Diagnostics, d => d.Severity == Severity.Error);
        Assert.Equal(("editions/bad.yaml", 3, "editions[0].spec.provisioner"), (found.File, found.Line, found.Path));
    }

    [Theory]
    [InlineData("../outside.yaml")]
    [InlineData("a/../../outside.yaml")]
    [InlineData("/etc/hostname")]
    [InlineData("link.yaml")]
    [InlineData("linked/edition.yaml")]
    [InlineData("'a\\..\\b'")]
    [InlineData("missing.yaml")]
    public void References_stay_in_the_directory(string reference)
    {
        var outside = Directory.CreateTempSubdirectory("outside-");
        try
        {
            File.WriteAllText(Path.Combine(outside.FullName, "edition.yaml"), Edition);
            File.WriteAllText(Path.Combine(_directory.Parent!.FullName, "outside.yaml"), Edition);
            File.CreateSymbolicLink(Path.Combine(_directory.FullName, "link.yaml"), Path.Combine(outside.FullName, "edition.yaml"));
            Directory.CreateSymbolicLink(Path.Combine(_directory.FullName, "linked"), outside.FullName);
            var result = ManifestParser.Parse(ManifestFiles.Open(Write("c6o.yaml", Listing(reference))));
            Assert.Empty(result.Applications);
            Assert.Contains(result.Diagnostics, d => d.Code == "manifest.missing_file");
        }
        finally
        {
            outside.Delete(recursive: true);
            File.Delete(Path.Combine(_directory.Parent!.FullName, "outside.yaml"));
        }
    }

    [Fact]
    public void An_edition_file_is_listed_once_holds_one_document_and_is_not_too_large()
    {
        Write("a.yaml", Edition);
        Write("two.yaml", Edition + "---\n" + Edition);
        Write("large.yaml", "#" + new string('x', ManifestFiles.LargestFileBytes));
        var codes = ManifestParser.Parse(ManifestFiles.Open(Write("c6o.yaml", Listing("a.yaml", "./a.yaml", "two.yaml", "large.yaml")))).Diagnostics.Where(d => d.Severity == Severity.Error).Select(d => d.Code);
        Assert.Equal(["manifest.duplicate", "manifest.missing_file", "manifest.type"], codes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_manifest_that_is_too_large_is_told_the_limit_and_not_how_much_of_it_was_read()
    {
        var result = ManifestParser.Parse(ManifestFiles.Open(Write("c6o.yaml", "#" + new string('x', 3 << 20))));
        var found = Assert.Single(result.Diagnostics);
        Assert.Equal("manifest.too_large", found.Code);
        Assert.Contains("more than 524288 bytes", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void At_most_fifty_edition_files_are_read()
    {
        var names = Enumerable.Range(0, 51).Select(i => $"e{i}.yaml").ToArray();
        foreach (var (name, i) in names.Select((n, i) => (n, i)))
            Write(name, Edition.Replace("stable", $"e{i}", StringComparison.Ordinal));
        Assert.Equal("manifest.too_many", Assert.Single(ManifestParser.Parse(ManifestFiles.Open(Write("c6o.yaml", Listing(names)))).Diagnostics, d => d.Severity == Severity.Error).Code);
        Assert.Equal(50, Assert.Single(ManifestParser.Parse(ManifestFiles.Open(Write("c6o.yaml", Listing(names[..50])))).Applications).Editions.Count);
    }

    [Fact]
    public void An_edition_file_nobody_lists_is_mentioned()
    {
        Write("edition-forgotten.yaml", Edition);
        var result = ManifestParser.Parse(ManifestFiles.Open(Write("c6o.yaml", Listing("{name: a, spec: {provisioner: ignore}}"))));
        Assert.Single(result.Applications);
        Assert.Equal("edition-forgotten.yaml", Assert.Single(result.Diagnostics, d => d.Code == "manifest.unreferenced_edition").File);
    }

    [Fact]
    public void Markdown_files_take_the_place_of_their_name()
    {
        Write("about.md", "# About\r\nIt works.");
        Write("c6o.yaml", Manifests.Root("description: ./about.md\nsummary: about.md\nlicense: https://example.com/LICENSE.md\nsupport: see support.md"));
        var application = Assert.Single(ManifestParser.Parse(ManifestFiles.Open(_directory.FullName)).Applications);
        Assert.Equal("# About\nIt works.", application.Description);
        Assert.Equal(application.Description, application.Summary);
        Assert.Equal("https://example.com/LICENSE.md", application.License);
        Assert.Equal("see support.md", application.Support);
    }

    [Fact]
    public void Artwork_is_listed_with_its_digest_so_that_a_new_icon_is_a_new_version()
    {
        Write("icon.svg", "<svg/>");
        var files = Write("c6o.yaml", Manifests.Root("icon: ./icon.svg"));
        var first = Assert.Single(ManifestParser.Parse(ManifestFiles.Open(files)).Applications);
        Assert.Equal(new Asset("icon.svg", Digest.Of("<svg/>"u8), 6, "image/svg+xml"), Assert.Single(first.Assets));
        Assert.Equal(first.Assets, Application.FromCanonical(first.Canonical).Assets);
        Assert.True(ManifestFiles.Open(files).TryRead(first.Assets[0].Path, out var content));
        Assert.Equal("<svg/>", Encoding.UTF8.GetString(content.Span));
        Write("icon.svg", "<svg></svg>");
        Assert.NotEqual(first.Digest, Assert.Single(ManifestParser.Parse(ManifestFiles.Open(files)).Applications).Digest);
    }

    [Fact]
    public void A_missing_icon_is_a_warning_and_a_false_one_an_error()
    {
        Assert.Contains(ManifestParser.Parse(ManifestFiles.FromText(Manifests.Root("icon: icon.svg"))).Diagnostics, d => d is { Severity: Severity.Warning, Code: "manifest.missing_file" });
        Write("icon.svg", "<html><script>alert(1)</script></html>");
        Assert.Contains(ManifestParser.Parse(ManifestFiles.Open(Write("c6o.yaml", Manifests.Root("icon: icon.svg")))).Diagnostics, d => d is { Severity: Severity.Error, Code: "manifest.artwork" });
    }

    [Theory]
    [InlineData("'<svg xmlns=\"http://www.w3.org/2000/svg\"/>'", ArtworkKind.Svg)]
    [InlineData("data:image/gif;base64,R0lGODlhAQABAAAAACw=", ArtworkKind.Data)]
    [InlineData("https://example.com/icon.png", ArtworkKind.Url)]
    [InlineData("art/icon.png", ArtworkKind.File)]
    public void Artwork_is_told_by_how_it_begins(string icon, ArtworkKind kind) => Assert.Equal(kind, Manifests.Valid(Manifests.Root("icon: " + icon)).Icon!.Kind);

    [Fact]
    public void Files_that_were_sent_are_found_by_their_relative_name()
    {
        var files = ManifestFiles.InMemory("c6o.yaml", Encoding.UTF8.GetBytes(Listing("./editions/a.yaml")), new Dictionary<string, ReadOnlyMemory<byte>>
        {
            ["editions/a.yaml"] = Encoding.UTF8.GetBytes(Edition),
            ["../../etc/passwd"] = Encoding.UTF8.GetBytes("ignored"),
        });
        Assert.Single(ManifestParser.Parse(files).Applications);
        Assert.False(files.TryRead("../../etc/passwd", out _));
    }
}
