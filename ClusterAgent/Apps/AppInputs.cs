using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>What rendering needs from the cluster: the answers, and what the App holds already.</summary>
internal sealed record AppInputs(
    IReadOnlyDictionary<string, string> Answers,
    IReadOnlyDictionary<string, string> Configs,
    IReadOnlyDictionary<string, string> Secrets,
    IReadOnlyDictionary<string, Quantity> Claims)
{
    public static readonly AppInputs None =
        new(new Dictionary<string, string>(), new Dictionary<string, string>(), new Dictionary<string, string>(), new Dictionary<string, Quantity>());

    /// <param name="api">Acting as the App's namespace.</param>
    public static async Task<(AppInputs? Inputs, AppProblem? Problem)> GatherAsync(IClusterApi api, AppKey app, CancellationToken ct)
    {
        var ns = app.Namespace;
        var answers = await api.FindAsync(new(ResourceKind.Secret, ns, AppNames.Answers(app.Name)), ct);
        var configMap = await api.FindAsync(new(ResourceKind.ConfigMap, ns, AppNames.Config(app.Name)), ct);
        var secret = await api.FindAsync(new(ResourceKind.Secret, ns, AppNames.Secret(app.Name)), ct);
        var claims = await api.ListAsync(ResourceKind.PersistentVolumeClaim, new(ns, $"{AppNames.IdLabel}={app.Id}"), ct);

        if (ReadAnswers(answers) is not { } given)
            return (null, new("answers.unreadable", answers!.ToString(), $"The key {AppNames.AnswersKey} is not a JSON object of texts. Write it again, or delete the Secret to take the defaults."));
        return (new(
            given,
            Own(configMap, app)?.Json.TextMap("data") ?? [],
            Own(secret, app)?.DecodeData() ?? [],
            claims.Items
                .Select(claim => (claim.Name, Size: Quantity.TryParse(claim.Spec.Text("resources", "requests", "storage"), out var size) ? size : (Quantity?)null))
                .Where(claim => claim.Size is not null)
                .ToDictionary(claim => claim.Name, claim => claim.Size!.Value)), null);
    }

    private static KubernetesObject? Own(KubernetesObject? found, AppKey app) => found?.Label(AppNames.IdLabel) == app.Id ? found : null;

    private static Dictionary<string, string>? ReadAnswers(KubernetesObject? secret)
    {
        if (secret is null)
            return [];
        try
        {
            return JsonNode.Parse(secret.DecodeData().GetValueOrDefault(AppNames.AnswersKey) ?? "null") is JsonObject json && json.All(member => member.Value.Text() is not null)
                ? json.TextMap()
                : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }
}
