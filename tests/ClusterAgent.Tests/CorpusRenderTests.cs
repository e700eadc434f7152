using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.AppManifest.Tests;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Policy;
using CodeZero.ClusterAgent.Provisioners;

namespace CodeZero.ClusterAgent.Tests;

/// <summary>Every AppEngine edition that real publishers wrote, against what the original AppEngine made of it.</summary>
public class CorpusRenderTests
{
    private static readonly ManifestOptions s_importer = new() { Importer = true };

    [CorpusFact]
    public void Every_AppEngine_edition_renders_and_passes_the_default_policy()
    {
        var failures = Editions().SelectMany(edition =>
        {
            var result = Render(edition.App, edition.Edition);
            return result.Errors.Select(error => $"{edition.App} {edition.Edition.Name}: {error}")
                .Concat(PolicyCheck.Objects(LocalPolicy.Default, "demo", result.Objects, _ => true).Select(refusal => $"{edition.App} {edition.Edition.Name}: {refusal}"));
        });

        Assert.Empty(failures);
        Assert.True(Editions().Count() > 60);
    }

    [CorpusFact]
    public void Objects_are_those_of_the_original_where_the_design_keeps_them()
    {
        var cases = JsonNode.Parse(File.ReadAllText(Path.Combine(Corpus.Directory!, "appengine-objects.json"))).Objects("cases").Where(item => item["objects"] is not null);
        var editions = Editions().ToLookup(edition => (edition.App, edition.Edition.Name));
        var compared = 0;
        foreach (var original in cases)
        {
            var (app, name) = (original.Text("app")!, original.Text("edition")!);
            if (editions[(app, name)].FirstOrDefault() is not { Edition: not null } edition)
                continue;
            var rendered = Render(app, edition.Edition).Objects;
            foreach (var expected in original.Objects("objects").Select(json => new KubernetesObject(json)))
                Compare($"{app} {name}", expected, rendered);
            compared++;
        }
        Assert.True(compared > 60, $"only {compared} editions were compared");
    }

    private static void Compare(string edition, KubernetesObject expected, IReadOnlyList<KubernetesObject> rendered)
    {
        var same = rendered.Where(item => item.Kind == expected.Kind).ToList();
        Assert.True(same.Count > 0, $"{edition} lacks a {expected.Kind}");
        var actual = same.FirstOrDefault(item => item.Name == expected.Name) ?? same.FirstOrDefault(item => item.Annotation("system.codezero.io/volume") == expected.Name);
        Assert.True(actual is not null, $"{edition} lacks {expected}");
        Assert.Equal(expected.Json.TextMap("metadata", "labels"), actual.Json.TextMap("metadata", "labels"));
        switch (expected.Kind.Kind)
        {
            case "ConfigMap":
                Contained(edition, expected.Json.TextMap("data"), actual.Json.TextMap("data"));
                break;
            case "Secret":
                Contained(edition, expected.DecodeData(), actual.DecodeData());
                break;
            case "Service":
                Assert.Equal(Ports(expected.Spec, "port"), Ports(actual.Spec, "port"));
                break;
            case "PersistentVolumeClaim":
                Assert.Equal(expected.Spec!.ToJsonString(), actual.Spec!.ToJsonString());
                break;
            case "Deployment":
                var (was, now) = (expected.Spec.At("template", "spec", "containers")![0]!, actual.Spec.At("template", "spec", "containers")![0]!);
                Assert.Equal(was.Text("image"), now.Text("image"));
                Assert.Equal(was["command"]?.ToJsonString(), now["command"]?.ToJsonString());
                Assert.Equal(Ports(was, "containerPort"), Ports(now, "containerPort"));
                Assert.Equal(was["volumeMounts"]?.ToJsonString(), now["volumeMounts"]?.ToJsonString());
                Assert.Subset(Sources(now), Sources(was));
                break;
        }
    }

    /// <summary>Values that the original generated, or left with a broken token, cannot be compared; answers to the flow come on top.</summary>
    private static void Contained(string edition, Dictionary<string, string> expected, Dictionary<string, string> actual)
    {
        foreach (var (key, value) in expected)
        {
            Assert.True(actual.ContainsKey(key), $"{edition} lacks {key}");
            if (!value.Contains("<generated:", StringComparison.Ordinal) && !actual[key].Contains("web--demo", StringComparison.Ordinal) && !actual[key].Contains("--demo.", StringComparison.Ordinal))
                Assert.Equal(value, actual[key]);
        }
    }

    private static IEnumerable<string> Ports(JsonNode? node, string key) => node.Objects("ports").Select(port => $"{port.Number(key)}/{port.Text("protocol")}/{port.Text("name")}");

    private static HashSet<string> Sources(JsonNode container) =>
        [.. container.Objects("envFrom").Select(source => source.ToJsonString())];

    private static RenderResult Render(string app, Edition edition)
    {
        var context = Rendering.Context(JsonNode.Parse(edition.Spec.GetRawText())!, new("demo", app)) with { Edition = edition.Name };
        var flow = context.Spec.Provisioner.AppEngine!.Flow;
        return Rendering.Render(context with { Answers = Plausible(flow) });
    }

    /// <summary>What a person would answer to prompts that must be answered and have no default.</summary>
    private static Dictionary<string, string> Plausible(Flow flow)
    {
        var answers = new Dictionary<string, string>();
        foreach (var error in FlowAnswers.Resolve(flow, answers).Errors)
        {
            var prompt = flow.Prompts.First(item => item.Name == error.Prompt);
            answers[prompt.Name] = prompt.Type switch
            {
                PromptType.Number => ((prompt.Min ?? 0) + (prompt.Step ?? 0)).ToString(System.Globalization.CultureInfo.InvariantCulture),
                PromptType.Confirm => "true",
                _ when prompt.Choices.FirstOrDefault(choice => choice.IsSelectable) is { } choice => choice.Value,
                _ => "Y",
            };
        }
        return answers;
    }

    private static IEnumerable<(string App, Edition Edition)> Editions() => Corpus.Manifests
        .SelectMany(file => ManifestParser.Parse(ManifestFiles.Open(file), s_importer).Applications)
        .SelectMany(application => application.Editions.Select(edition => (application.AppId, edition)))
        .Where(item => IsAppEngine(item.edition, item.AppId));

    private static bool IsAppEngine(Edition edition, string app) => EditionSpec.Read(edition.Spec, app).Value?.Provisioner.AppEngine is not null;
}
