using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// Makes Apps of the installs of the state in force, level-triggered: each pass verifies every install anew and brings its App to where it should be.
/// A refused install changes nothing of what runs, and never holds up another. An App that no state mentions is left as it is.
/// </summary>
internal sealed partial class InstallReconciler(
    IAppStore apps, InstalledApps installed, AcceptedInstalls memory, TrustRootReader trust, AgentIdentity identity, EcPrivateKey sealingKey, LinkBoard board, TimeProvider clock,
    ILogger<InstallReconciler> log)
{
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(30);

    /// <summary>The built-in provisioners have the agent's own code, whatever version an install names. The last installs nothing.</summary>
    private static readonly ProvisionerPin[] BuiltIn = [new(ProvisionerSpec.AppEnginePackage, AgentVersion.Text, null), new(ProvisionerSpec.IgnorePackage, AgentVersion.Text, null)];

    /// <summary>By install. What was written by an agent before this one is written once more, which changes nothing that is as it should be.</summary>
    private readonly Dictionary<Guid, WrittenApp> _written = [];

    public async Task RunAsync(CancellationToken ct)
    {
        await installed.Synced.WaitAsync(ct);
        while (!ct.IsCancellationRequested)
        {
            await board.ToReconcile.WaitAsync(Sweep, clock, ct);
            if (board.State is { } state)
                try
                {
                    await ReconcileAsync(state, ct);
                }
                catch (Exception e) when (e is ClusterApiException or HttpRequestException or TimeoutException)
                {
                    Interrupted(log, e.Message);
                }
        }
    }

    /// <summary>First all are verified, then what was approved is remembered, and only then is any of it brought about: so an approval that was replaced is so for good.</summary>
    private async Task ReconcileAsync(StateInForce state, CancellationToken ct)
    {
        var root = await trust.ReadAsync(ct);
        var verified = new List<(DesiredInstall Install, Checked<VerifiedInstall> Check)>();
        foreach (var install in state.Accepted.State.Installs)
            if (await AttemptAsync(install, () => VerifyAsync(state, install, root, ct)) is { } check)
                verified.Add((install, check));
        var obstacle = await RememberAsync([.. verified.Where(one => one.Check.Accepted).Select(one => one.Check.Value)], ct);

        var present = new List<Guid>();
        foreach (var (install, check) in verified)
        {
            var outcome = !check.TryGet(out var approved, out var refusal) ? refusal
                : obstacle is not null && (await memory.FindAsync(install.Id, ct))?.Digest != approved.Digest ? obstacle
                : await AttemptAsync(install, () => BringAboutAsync(approved, ct));
            if (outcome is null)
                continue;
            if (outcome is { Accepted: true, Value.Present: true })
                present.Add(install.Id);
            await DecideAsync(state, install, outcome, ct);
        }
        if (present.Count > 0)
            await memory.AcceptAsync(present, clock.GetUtcNow(), ct);
    }

    /// <summary>Why what was approved could not be remembered; null when it was. Without that, nothing new is brought about.</summary>
    private async Task<Refusal?> RememberAsync(IReadOnlyCollection<VerifiedInstall> approved, CancellationToken ct)
    {
        try
        {
            if (approved.Count > 0)
                await memory.ApproveAsync(approved, ct);
            return null;
        }
        catch (ClusterApiException e) when (!e.IsTransient)
        {
            var problem = Problems.From(e, memory.Ref).First();
            return new(problem.Code, problem.ToString());
        }
    }

    /// <summary>What came of one install; null when that is still open. Nothing about it, its content included, keeps the others from their turn; only a cluster out of reach does.</summary>
    private async Task<Checked<T>?> AttemptAsync<T>(DesiredInstall install, Func<Task<Checked<T>>> attempt) where T : class
    {
        try
        {
            return await attempt();
        }
        catch (ClusterApiException e) when (e.IsTransient)
        {
            Postponed(log, install.Namespace, install.Name, e.Message);
            return null;
        }
        catch (ClusterApiException e)
        {
            var problem = Problems.From(e, new AppKey(install.Namespace, install.Name).Ref).First();
            return new Refusal(problem.Code, problem.ToString());
        }
        catch (Exception e) when (e is not (OperationCanceledException or HttpRequestException or TimeoutException))
        {
            Faulted(log, e, install.Namespace, install.Name);
            return new Refusal("install.fault", $"The agent failed on this install: {e.Message}");
        }
    }

    private async Task<Checked<VerifiedInstall>> VerifyAsync(StateInForce state, DesiredInstall install, Checked<TrustRoot> root, CancellationToken ct)
    {
        if (!root.TryGet(out var trusted, out var refusal))
            return refusal;
        if (state.Documents.RefuseLeftOut(install) is { } noRoom)
            return noRoom;
        return InstallVerifier.Check(state.Accepted.State, install, state.Documents.Found, trusted, BuiltIn, clock.GetUtcNow(), await memory.FindAsync(install.Id, ct));
    }

    private async Task DecideAsync(StateInForce state, DesiredInstall install, Checked<Outcome> outcome, CancellationToken ct)
    {
        var revision = InstallDigest.Of(identity.Cluster, identity.Organization, install);
        var accepted = outcome.Accepted && await memory.FindAsync(install.Id, ct) is { } known && known.Digest == revision ? known.AcceptedAt : null;
        Decide(state, new(
            install, revision, outcome.Refusal, accepted ?? clock.GetUtcNow(), outcome is { Accepted: true, Value.Removed: true }, _written.GetValueOrDefault(install.Id)?.PutBack ?? 0));
    }

    /// <summary>Keeps the time of a verdict that has not changed.</summary>
    private void Decide(StateInForce state, InstallVerdict verdict)
    {
        if (board.Verdicts.TryGetValue(verdict.Install.Id, out var before) && before.Revision == verdict.Revision && before.Refusal?.Code == verdict.Refusal?.Code)
            verdict = verdict with { DecidedAt = before.DecidedAt };
        else if (verdict.Refusal is { } refusal)
            Refused(log, verdict.Install.Namespace, verdict.Install.Name, refusal.Code, refusal.Reason);
        else
            Verified(log, verdict.Install.Namespace, verdict.Install.Name, verdict.Install.Version, verdict.Revision);
        board.Decide(state, verdict);
    }

    /// <param name="Present">The cluster has, or no longer has, what was approved.</param>
    private sealed record Outcome(bool Present, bool Removed = false);

    /// <summary>An App as this agent wrote it last.</summary>
    /// <param name="PutBack">How often that was to put it back.</param>
    private sealed record WrittenApp(Digest Revision, string Essence, int PutBack);

    private async Task<Checked<Outcome>> BringAboutAsync(VerifiedInstall verified, CancellationToken ct)
    {
        var install = verified.Install;
        var key = new AppKey(install.Namespace, install.Name);
        if (install.Removed && !install.Paused)
        {
            _written.Remove(install.Id);
            return new Outcome(Present: true, await RemoveAsync(key, install.Id, ct));
        }
        var app = installed.Find(key, install.Id) is { IsRemoving: false } found && found.Revision == verified.Digest.ToString() ? found : null;
        if (install.Paused)
            return new Outcome(Present: app is not null);
        var last = _written.GetValueOrDefault(install.Id);
        var written = last?.Revision == verified.Digest ? last : null;
        if (app is not null && app.Essence == written?.Essence)
            return new Outcome(Present: true);
        if (!Compose(verified).TryGet(out var desired, out var refusal))
            return refusal;
        var put = await apps.PutAsync(desired, ct);
        if (put.App is null)
            return new Refusal(put.Problems[0].Code, put.Problems[0].ToString());
        var isPutBack = put.Changed && written is not null;
        if (isPutBack)
            PutBack(log, install.Namespace, install.Name);
        _written[install.Id] = new(verified.Digest, put.App.Essence, (last?.PutBack ?? 0) + (isPutBack ? 1 : 0));
        return new Outcome(Present: true);
    }

    /// <summary>Whether the App is gone. The cluster itself is asked: an App written a moment ago may not have been heard of yet.</summary>
    private async Task<bool> RemoveAsync(AppKey key, Guid install, CancellationToken ct)
    {
        if (board.Verdicts.TryGetValue(install, out var before) && before.Removed && installed.Find(key, install) is null)
            return true;
        if (await apps.FindAsync(key, ct) is not { } app || app.InstallId != install.ToString())
            return true;
        await apps.RemoveAsync(key, install.ToString(), deleteVolumes: false, ct);
        return false;
    }

    /// <summary>The App of a verified install: the edition's spec, with the package it leaves to the manifest's root, and the opened answers.</summary>
    private Checked<AppInstall> Compose(VerifiedInstall verified)
    {
        var install = verified.Install;
        Application application;
        try
        {
            application = Application.FromCanonical(verified.Manifest);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return new Refusal("manifest.unreadable", $"The manifest of {install.App} {install.Version} cannot be read by this agent: {e.Message} Update the agent, or publish the version anew.");
        }
        if (application.Editions.FirstOrDefault(candidate => candidate.Name == install.Edition) is not { } edition)
            return new Refusal("manifest.edition", $"{install.App} {install.Version} has no edition {install.Edition}; it has {string.Join(", ", application.Editions.Select(e => e.Name))}.");
        Inputs? answers = null;
        if (verified.SealedInputs is { } inputs && !SealedInputs.Open(sealingKey, identity.Cluster, install.Id, inputs.Span).TryGet(out answers, out var refusal))
            return refusal;
        var spec = (JsonObject)JsonNode.Parse(edition.Spec.GetRawText())!;
        if (spec["provisioner"] is JsonObject provisioner)
            provisioner["package"] ??= application.Package;
        return new AppInstall(
            install.Id.ToString(), new(install.Namespace, install.Name), verified.Digest, install.App.Split('/') is [var publisher, _] ? publisher : null,
            edition.Name, install.Version, install.Manifest, application.Name, edition.Interfaces, spec, answers?.Answers);
    }

    [LoggerMessage(6120, LogLevel.Information, "Install {Namespace}/{Name} {Version} is verified ({Revision})")]
    private static partial void Verified(ILogger log, string @namespace, string name, string version, Digest revision);

    [LoggerMessage(6121, LogLevel.Warning, "Install {Namespace}/{Name} was refused, what runs goes on. {Code}: {Reason}")]
    private static partial void Refused(ILogger log, string @namespace, string name, string code, string reason);

    [LoggerMessage(6123, LogLevel.Warning, "Install {Namespace}/{Name} has to wait: {Reason}")]
    private static partial void Postponed(ILogger log, string @namespace, string name, string reason);

    [LoggerMessage(6124, LogLevel.Error, "The agent failed on install {Namespace}/{Name}; what runs goes on")]
    private static partial void Faulted(ILogger log, Exception fault, string @namespace, string name);

    [LoggerMessage(6125, LogLevel.Warning, "App {Namespace}/{Name} was put back: others had changed or deleted it. To change it, change the install; a paused one is left as it is")]
    private static partial void PutBack(ILogger log, string @namespace, string name);

    [LoggerMessage(6122, LogLevel.Warning, "The cluster cannot be reconciled with the state at present; trying again: {Reason}")]
    private static partial void Interrupted(ILogger log, string reason);
}
