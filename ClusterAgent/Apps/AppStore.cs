using System.Text;
using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>An App that an install at the Hub asks for.</summary>
/// <param name="InstallId">The install's id; an App of the same name that is not this install's is never touched.</param>
/// <param name="Revision">The install digest: what was approved.</param>
/// <param name="Publisher">Who published the application; null for one without a publisher.</param>
/// <param name="DisplayName">For people; null takes the name.</param>
/// <param name="Spec">The edition's <c>spec</c>.</param>
/// <param name="Answers">Answers to the edition's flow; null for none. They are kept in a Secret.</param>
internal sealed record AppInstall(
    string InstallId, AppKey Key, Digest Revision, string? Publisher, string Edition, string Version, Digest Manifest, string? DisplayName,
    IReadOnlyList<string> Interfaces, JsonObject Spec, IReadOnlyDictionary<string, string>? Answers);

/// <summary>What came of putting an App.</summary>
/// <param name="App">As it is in the cluster now; null when it was not written.</param>
/// <param name="Changed">Whether it was otherwise before, or not there.</param>
/// <param name="Problems">Why it was not written; empty when it was.</param>
internal sealed record PutOutcome(AppSnapshot? App, bool Changed, IReadOnlyList<AppProblem> Problems)
{
    public static PutOutcome Failed(params IReadOnlyList<AppProblem> problems) => new(null, false, problems);
}

/// <summary>What the Hub link may do with Apps. Problems are answers; an unreachable cluster is an exception, as with <see cref="IClusterApi"/>.</summary>
internal interface IAppStore
{
    /// <summary>Renders the App and holds it to the local policy. Writes nothing. No problems: it may be put.</summary>
    Task<IReadOnlyList<AppProblem>> CheckAsync(AppInstall install, CancellationToken ct);

    /// <summary>
    /// Writes the App, and its namespace and answers before it. The controller does the rest. Putting the same again changes nothing, but puts back what others changed:
    /// what runs is what was approved. Anything wrong, a refusal by <see cref="CheckAsync"/> included, writes nothing.
    /// </summary>
    Task<PutOutcome> PutAsync(AppInstall install, CancellationToken ct);

    /// <summary>Asks for the App to be removed. One that is not there, or is another install's, is left alone.</summary>
    /// <param name="deleteVolumes">Also the data; else claims stay, for a later install of the same name.</param>
    Task RemoveAsync(AppKey key, string installId, bool deleteVolumes, CancellationToken ct);

    Task<AppSnapshot?> FindAsync(AppKey key, CancellationToken ct);

    /// <summary>All Apps of the cluster.</summary>
    Task<IReadOnlyList<AppSnapshot>> ListAsync(CancellationToken ct);

    /// <summary>Each change of an App or its status, from now on.</summary>
    IAsyncEnumerable<AppSnapshot> ChangesAsync(CancellationToken ct);
}

internal sealed class AppStore(IClusterApi api, AppAdmission admission, NamespaceGate gate, AppFeed feed) : IAppStore
{
    private const string NameTaken = "install.name_taken";
    private static readonly WriteOptions Write = new(AppNames.FieldManager);

    public Task<IReadOnlyList<AppProblem>> CheckAsync(AppInstall install, CancellationToken ct) =>
        admission.PreviewAsync(new(Desired(install)), install.Answers, ct);

    public async Task<PutOutcome> PutAsync(AppInstall install, CancellationToken ct)
    {
        var found = await api.FindAsync(install.Key.Ref, ct);
        if (found is not null && found.Annotation(AppNames.InstallAnnotation) != install.InstallId)
            return PutOutcome.Failed(new AppProblem(NameTaken, found.ToString(), "An App of this name is there already and is not this install's. Remove it, or install under another name."));
        if (found is { IsTerminating: true })
            return PutOutcome.Failed(new AppProblem("install.removing", found.ToString(), "The App is still being removed. It is written when that is done."));
        if (await CheckAsync(install, ct) is { Count: > 0 } problems)
            return PutOutcome.Failed(problems);
        var ns = install.Key.Namespace;
        await gate.CreateIfAbsentAsync(ns, ct);
        if (await admission.RefuseNamespaceAsync(gate, ns, ct) is { } closed)
            return PutOutcome.Failed(closed);
        try
        {
            await PutAnswersAsync(install, ct);
            var app = new AppResource(await api.ApplyAsync(Desired(install), Write with { Force = true }, ct));
            return new(AppSnapshot.Of(app), found is null || new AppResource(found).Essence != app.Essence, []);
        }
        catch (ClusterApiException e) when (!e.IsTransient)
        {
            return PutOutcome.Failed([.. Problems.From(e, install.Key.Ref)]);
        }
    }

    public async Task RemoveAsync(AppKey key, string installId, bool deleteVolumes, CancellationToken ct)
    {
        if (await api.FindAsync(key.Ref, ct) is not { } found || found.Annotation(AppNames.InstallAnnotation) != installId || found.IsTerminating)
            return;
        if (deleteVolumes && found.Spec.At("provisioner") is JsonObject)
            await api.PatchAsync(key.Ref, PatchType.Merge, new JsonObject
            {
                ["spec"] = new JsonObject { ["provisioner"] = new JsonObject { ["deprovision"] = new JsonObject { ["keep-vol"] = false } } },
            }, Write, ct);
        await api.DeleteAsync(key.Ref, new(found.Uid), ct);
    }

    public async Task<AppSnapshot?> FindAsync(AppKey key, CancellationToken ct) =>
        await api.FindAsync(key.Ref, ct) is { } found ? AppSnapshot.Of(new(found)) : null;

    public async Task<IReadOnlyList<AppSnapshot>> ListAsync(CancellationToken ct) =>
        [.. (await api.ListAsync(AppResource.ResourceKind, new(), ct)).Items.Select(item => AppSnapshot.Of(new(item)))];

    public IAsyncEnumerable<AppSnapshot> ChangesAsync(CancellationToken ct) => feed.ListenAsync(ct);

    private Task PutAnswersAsync(AppInstall install, CancellationToken ct)
    {
        var target = new ObjectRef(ResourceKind.Secret, install.Key.Namespace, AppNames.Answers(install.Key.Name));
        if (install.Answers is null)
            return gate.WorkInAsync(target.Namespace!, asApp => asApp.DeleteAsync(target, new(), ct), ct);
        var secret = new KubernetesObject(target.Kind, target.Namespace, target.Name);

        // With these labels a change of the answers is heard like a change of any object of the App.
        secret.Metadata["labels"] = new JsonObject { [AppNames.ManagedByLabel] = AppNames.ManagedByValue, [AppNames.AppLabel] = install.Key.Name };
        secret.Json["data"] = new JsonObject { [AppNames.AnswersKey] = Convert.ToBase64String(Encoding.UTF8.GetBytes(install.Answers.ToJson().ToJsonString())) };
        return gate.WorkInAsync(target.Namespace!, asApp => asApp.ApplyAsync(secret, Write, ct), ct);
    }

    private static KubernetesObject Desired(AppInstall install)
    {
        var app = new KubernetesObject(AppResource.ResourceKind, install.Key.Namespace, install.Key.Name);
        app.Metadata["labels"] = new JsonObject { [AppNames.ManagedByLabel] = AppNames.ManagedByValue, [AppNames.EditionLabel] = install.Edition };
        foreach (var offered in install.Interfaces)
            app.Metadata["labels"]![AppNames.InterfaceLabelPrefix + offered] = "true";
        var annotations = new JsonObject
        {
            [AppNames.InstallAnnotation] = install.InstallId,
            [AppNames.RevisionAnnotation] = install.Revision.ToString(),
            [AppNames.VersionAnnotation] = install.Version,
            [AppNames.ManifestDigestAnnotation] = install.Manifest.ToString(),
            [AppNames.DisplayAnnotation] = install.DisplayName ?? install.Key.Name,
        };
        if (install.Publisher is { } publisher)
            annotations[AppNames.PublisherAnnotation] = publisher;
        app.Metadata["annotations"] = annotations;
        app.Json["spec"] = install.Spec.DeepClone();
        return app;
    }
}
