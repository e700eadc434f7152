using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Provisioners;
using CodeZero.ClusterAgent.Provisioners.AppEngine;

namespace CodeZero.ClusterAgent.Tests;

/// <summary>Renders small specs, and finds things in what comes out.</summary>
internal static class Rendering
{
    public static readonly AppKey App = new("demo", "web");

    /// <summary>A context for the edition whose <c>spec.provisioner</c> is this JSON.</summary>
    public static RenderContext Context(string provisioner, string routes = "[]", AppKey? app = null) =>
        Context(JsonNode.Parse($$"""{"routes":{{routes}},"provisioner":{{provisioner}}}""")!, app);

    public static RenderContext Context(JsonNode spec, AppKey? app = null)
    {
        if (spec["provisioner"] is JsonObject provisioner)
            provisioner["package"] ??= ProvisionerSpec.AppEnginePackage;
        using var document = JsonDocument.Parse(spec.ToJsonString());
        var read = EditionSpec.Read(document.RootElement, (app ?? App).Name);
        Assert.DoesNotContain(read.Diagnostics, finding => finding.Severity == Severity.Error);
        return new()
        {
            App = app ?? App,
            Uid = "8f1c1a7e-0000-4000-8000-000000000001",
            Edition = "stable",
            Spec = read.Value!,
            Settings = new(),
            Generate = PasswordGenerator.Generate,
            Fingerprint = new(new byte[32]),
        };
    }

    public static RenderResult Render(RenderContext context) => new AppEngineProvisioner().Render(context);

    public static KubernetesObject The(this RenderResult result, string kind)
    {
        Assert.Empty(result.Errors);
        return Assert.Single(result.Objects, item => item.Kind.Kind == kind);
    }

    public static JsonNode Container(this RenderResult result) => result.The("Deployment").Spec.At("template", "spec", "containers")![0]!;

    public static Dictionary<string, string> Decoded(this KubernetesObject secret) => secret.DecodeData();

    public static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    public static KubernetesObject Object(string json) => new((JsonObject)JsonNode.Parse(json)!);
}
