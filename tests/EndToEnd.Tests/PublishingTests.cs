using CodeZero.EndToEnd.Tests.Harness;

namespace CodeZero.EndToEnd.Tests;

/// <summary>What a publisher gets wrong is explained, with its place, and nothing is lost.</summary>
public sealed class PublishingTests(HubWithPerson hub) : IClassFixture<HubWithPerson>
{
    [Fact]
    public async Task Malformed_yaml_is_refused_with_line_column_and_a_hint()
    {
        var file = hub.Person.Write("malformed/c6o.yaml", "name: Web\nappId: web\nsummary: one: two\n");

        foreach (var verb in new[] { "validate", "publish" })
        {
            var outcome = await hub.Person.TryCzctlAsync("app", verb, file);

            Assert.Equal(1, outcome.ExitCode);
            Assert.Matches(@"c6o\.yaml:3:13: .*quote", outcome.Output + outcome.Error);
        }
    }

    [Fact]
    public async Task An_unknown_key_is_named_with_the_nearest_known_one()
    {
        var file = hub.Person.Write("unknown/c6o.yaml", Manifests.Of("unknown").Replace("editions:", "edtions:", StringComparison.Ordinal));

        var outcome = await hub.Person.TryCzctlAsync("app", "publish", file);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Matches(@"c6o\.yaml:4:1: .*edtions.*editions", outcome.Output + outcome.Error);
    }

    [Fact]
    public async Task Other_content_under_a_published_version_is_refused_and_nothing_is_lost()
    {
        const string app = "immutable";
        var (first, second) = (hub.Person.Write("first/c6o.yaml", Manifests.Of(app, "nginx:1.27")), hub.Person.Write("second/c6o.yaml", Manifests.Of(app, "nginx:1.28")));
        await hub.Person.CzctlAsync("app", "publish", first, "--version", "1.0.0");
        var published = await hub.Person.Api.Apps.VersionAsync(hub.Person.Organization, app, "1.0.0");

        var refused = await hub.Person.TryCzctlAsync("app", "publish", second, "--version", "1.0.0");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("1.0.0", refused.Error, StringComparison.Ordinal);
        var after = await hub.Person.Api.Apps.VersionAsync(hub.Person.Organization, app, "1.0.0");
        Assert.Equal((published.Digest, published.PublishedAt), (after.Digest, after.PublishedAt));
        Assert.Contains("nginx:1.27", after.Manifest.GetRawText(), StringComparison.Ordinal);

        await hub.Person.CzctlAsync("app", "publish", first, "--version", "1.0.0");
        await hub.Person.CzctlAsync("app", "publish", second, "--version", "1.0.1");
    }
}
