using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Policy;
using CodeZero.ClusterAgent.Provisioners;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>What the cluster's owner says about Apps: reads the local policy and the settings, and decides by them. Writes nothing.</summary>
internal sealed partial class AppAdmission(IClusterApi api, AppControllerOptions options, ILogger<AppAdmission> log)
{
    /// <summary>The policy that the App is to be held to, or why it may not be in the cluster at all.</summary>
    public async Task<(LocalPolicy? Policy, IReadOnlyList<AppProblem> Refusals)> AdmitAsync(AppResource app, CancellationToken ct)
    {
        var (policy, unreadable) = await ReadPolicyAsync(ct);
        if (policy is null)
            return (null, AppChecks.Refusals([unreadable!]));
        var refusals = AppChecks.Refusals(PolicyCheck.App(policy, app.Key.Namespace, options.Namespace, app.Publisher).Concat(PodPolicy.CheckWishes(policy, app.Object)));
        return (refusals.Count == 0 ? policy : null, refusals);
    }

    /// <summary>Why the rendered objects may not be written; empty when they may.</summary>
    public async Task<IReadOnlyList<AppProblem>> RefuseAsync(LocalPolicy policy, string ns, IReadOnlyList<KubernetesObject> objects, CancellationToken ct)
    {
        var scopes = new Dictionary<ResourceKind, bool?>();
        foreach (var kind in objects.Select(item => item.Kind).Distinct())
            scopes[kind] = (await api.FindMappingAsync(kind, ct))?.Namespaced;
        return AppChecks.Refusals(PolicyCheck.Objects(policy, ns, objects, kind => scopes[kind]));
    }

    /// <summary>Why Apps may not live in the namespace, by the gate and the local policy; null when they may.</summary>
    public async Task<AppProblem?> RefuseNamespaceAsync(NamespaceGate gate, string ns, CancellationToken ct)
    {
        var (policy, unreadable) = await ReadPolicyAsync(ct);
        return policy is null ? AppChecks.Refusals([unreadable!])[0] : await gate.RefuseAsync(ns, policy, ct);
    }

    /// <summary>Renders as if nothing of the App were there yet, and holds it to the policy.</summary>
    public async Task<IReadOnlyList<AppProblem>> PreviewAsync(AppResource app, IReadOnlyDictionary<string, string>? answers, CancellationToken ct)
    {
        var (spec, provisioner, problems, _) = ProvisionerCatalog.Resolve(app);
        if (spec is null || provisioner is null)
            return problems;
        var (policy, refusals) = await AdmitAsync(app, ct);
        if (policy is null)
            return refusals;
        var inputs = AppInputs.None with { Answers = answers ?? AppInputs.None.Answers };
        var rendered = provisioner.Render(await ContextAsync(app, spec, inputs, new Fingerprint(Fingerprint.NewKey()), ct));
        return rendered.Errors.Count > 0 ? rendered.Errors : await RefuseAsync(policy, app.Key.Namespace, rendered.Objects, ct);
    }

    /// <summary>All that rendering may depend on.</summary>
    public async Task<RenderContext> ContextAsync(AppResource app, EditionSpec spec, AppInputs inputs, Fingerprint fingerprint, CancellationToken ct) => new()
    {
        App = app.Key,
        Uid = app.Uid,
        Edition = app.Edition,
        Spec = spec,
        Settings = await ReadSettingsAsync(ct),
        Answers = inputs.Answers,
        ExistingConfigs = inputs.Configs,
        ExistingSecrets = inputs.Secrets,
        ExistingClaims = inputs.Claims,
        ServesHttpRoutes = await api.FindMappingAsync(ResourceKind.HttpRoute, ct) is not null,
        Generate = PasswordGenerator.Generate,
        Fingerprint = fingerprint,
    };

    private async Task<(LocalPolicy? Policy, PolicyRefusal? Refusal)> ReadPolicyAsync(CancellationToken ct) =>
        PolicyReader.Read(await api.FindAsync(new(ResourceKind.ConfigMap, options.Namespace, LocalPolicy.ConfigMapName), ct));

    private async Task<AgentSettings> ReadSettingsAsync(CancellationToken ct)
    {
        var settings = AgentSettings.Read(await api.FindAsync(new(ResourceKind.ConfigMap, options.Namespace, AgentSettings.ConfigMapName), ct), out var ignored);
        foreach (var key in ignored)
            SettingIgnored(log, key, AgentSettings.ConfigMapName);
        return options.ReadyDeadline is { } deadline ? settings with { ReadyDeadline = deadline } : settings;
    }

    [LoggerMessage(6013, LogLevel.Warning, "The setting {Key} in {ConfigMap} is unknown, or has a value that cannot be used; it is ignored")]
    private static partial void SettingIgnored(ILogger log, string key, string configMap);
}
