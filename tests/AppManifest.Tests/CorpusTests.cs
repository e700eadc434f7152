using System.Text;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest.Tests;

public class CorpusTests
{
    private static readonly ManifestOptions s_importer = new() { Importer = true };

    [CorpusFact]
    public void Importing_finds_only_the_known_mistakes()
    {
        var errors = Corpus.Manifests
            .SelectMany(f => ManifestParser.Parse(ManifestFiles.Open(f), s_importer).Diagnostics.Where(d => d.Severity == Severity.Error).Select(d => $"{Package(f)} {d.Code} {d.Path}"))
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "appengine manifest.image_missing editions[0].spec.provisioner.image",
                "mariadb manifest.image_missing editions[0].spec.provisioner.image",
            ],
            errors);
    }

    [CorpusFact]
    public void Every_application_but_the_engine_itself_normalises()
    {
        var documents = Corpus.Manifests.Sum(f => YamlReader.Read(File.ReadAllBytes(f), f).Documents.Count);
        var applications = Corpus.Manifests.SelectMany(f => ManifestParser.Parse(ManifestFiles.Open(f), s_importer).Applications).ToList();
        Assert.True(documents > 1);
        Assert.Equal(documents - 1, applications.Count);
        Assert.DoesNotContain(applications, a => a.AppId == "appengine");
        Assert.All(applications, a => Assert.Equal(a.Canonical, Application.FromCanonical(a.Canonical).Canonical));
    }

    [CorpusFact]
    public void Every_published_application_reads_back_from_its_canonical_form()
    {
        foreach (var application in Corpus.Manifests.SelectMany(f => ManifestParser.Parse(ManifestFiles.Open(f), s_importer).Applications))
        {
            var again = Application.FromCanonical(application.Canonical);
            Assert.Equal(application.Digest, again.Digest);
            Assert.Equal(application.Assets, again.Assets);
            Assert.Equal(application.Keywords, again.Keywords);
            Assert.Equal(application.Editions.Select(e => (e.Name, e.Status, e.Spec.GetRawText())), again.Editions.Select(e => (e.Name, e.Status, e.Spec.GetRawText())));
        }
    }

    [CorpusFact]
    public void Every_AppEngine_edition_reads_from_its_spec()
    {
        var read = 0;
        foreach (var (application, edition) in Corpus.Manifests.SelectMany(f => ManifestParser.Parse(ManifestFiles.Open(f), s_importer).Applications).SelectMany(a => a.Editions.Select(e => (a, e))))
        {
            var spec = EditionSpec.Read(edition.Spec, application.AppId);
            Assert.False(spec.HasErrors, $"{application.AppId}/{edition.Name}: {string.Join("; ", spec.Diagnostics)}");
            if (spec.Value!.Provisioner.Package != ProvisionerSpec.AppEnginePackage)
                continue;
            var engine = AppEngineSpec.Read(edition.Spec.GetProperty("provisioner"));
            Assert.False(engine.HasErrors, $"{application.AppId}/{edition.Name}: {string.Join("; ", engine.Diagnostics)}");
            Assert.Equal(engine.Value!.Image, spec.Value.Provisioner.AppEngine!.Image);
            read++;
        }
        Assert.True(read > 60, $"only {read} AppEngine editions");
    }

    [CorpusFact]
    public void Edition_files_are_YAML()
    {
        Assert.NotEmpty(Corpus.EditionFiles);
        Assert.All(Corpus.EditionFiles, f => Assert.Empty(YamlReader.Read(File.ReadAllBytes(f), f).Diagnostics));
    }

    [CorpusFact]
    public void Overlays_are_refused_for_want_of_an_appId()
    {
        foreach (var overlay in new[] { "app-develop.yaml", "app-staging.yaml" })
        {
            var result = ManifestParser.Parse(ManifestFiles.Open(Path.Combine(Corpus.Directory!, "c6o-system", "c6o", overlay)), s_importer);
            Assert.Empty(result.Applications);
            Assert.Equal("manifest.no_app_id", Assert.Single(result.Diagnostics, d => d.Severity == Severity.Error).Code);
        }
    }

    [CorpusFact]
    public void Eleven_as_a_tag_and_yes_as_a_value_stay_what_was_written()
    {
        var redis = Assert.Single(ManifestParser.Parse(ManifestFiles.Open(Path.Combine(Corpus.Directory!, "redis")), s_importer).Applications);
        Assert.All(redis.Editions, e => Assert.Contains("\"configs\":{\"appendonly\":\"yes\"}", e.Spec.GetRawText(), StringComparison.Ordinal));
        Assert.DoesNotContain("\"appendonly\":true", Encoding.UTF8.GetString(redis.Canonical.Span), StringComparison.Ordinal);
    }

    private static string Package(string file) => Path.GetRelativePath(Corpus.Directory!, file).Split(Path.DirectorySeparatorChar)[0];
}
