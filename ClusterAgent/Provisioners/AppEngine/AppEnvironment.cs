using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Provisioners.AppEngine;

/// <summary>The App's environment variables, decided: flow answers over the manifest's values, generated values as they were first generated.</summary>
/// <param name="Configs">For the ConfigMap.</param>
/// <param name="Secrets">For the Secret. No name is in both.</param>
internal sealed record AppEnvironment(IReadOnlyDictionary<string, string> Configs, IReadOnlyDictionary<string, string> Secrets)
{
    public static AppEnvironment Resolve(RenderContext context, AppEngineSpec engine, List<AppProblem> errors)
    {
        var answers = FlowAnswers.Resolve(engine.Flow, context.Answers);
        errors.AddRange(answers.Errors.Select(error => new AppProblem(error.Code, "", error.Message)));

        // An answer goes before a literal, and what is secret anywhere is secret.
        var values = new SortedDictionary<string, ConfigValue>(StringComparer.Ordinal);
        foreach (var (name, value) in engine.Configs.Concat(engine.Secrets).Concat(answers.Configs).Concat(answers.Secrets))
            values[name] = value;
        var secret = engine.Secrets.Keys.Concat(answers.Secrets.Keys).ToHashSet(StringComparer.Ordinal);
        return new(
            Texts(values.Where(entry => !secret.Contains(entry.Key)), context, context.ExistingConfigs),
            Texts(values.Where(entry => secret.Contains(entry.Key)), context, context.ExistingSecrets));
    }

    /// <summary>Changes when any value does.</summary>
    public string Hash(Fingerprint fingerprint) => fingerprint.Of(new JsonArray(Configs.ToJson(), Secrets.ToJson()));

    private static SortedDictionary<string, string> Texts(IEnumerable<KeyValuePair<string, ConfigValue>> values, RenderContext context, IReadOnlyDictionary<string, string> existing)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
            texts[name] = value switch
            {
                ConfigValue.Literal { Text: var text } => context.Spec.HasPublicHttpRoute ? PublicAddress.Replace(text, context.PublicHost) : text,
                ConfigValue.Generated { Options: var options } => existing.GetValueOrDefault(name) ?? context.Generate(options),
                _ => throw new InvalidOperationException($"No text is made of {value.GetType().Name}."),
            };
        return texts;
    }
}
