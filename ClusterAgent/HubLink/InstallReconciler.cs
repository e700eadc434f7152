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

    private async Task ReconcileAsync(StateInForce state, CancellationToken ct)
    {
        var root = await trust.ReadAsync(ct);
        foreach (var install in state.Accepted.State.Installs)
            if (await JudgeAsync(state, install, root, ct) is { } verdict)
                Decide(state, verdict);
    }

    /// <summary>What came of one install; null when that is still open. Nothing about it, its content included, keeps the others from their turn; only a cluster out of reach does.</summary>
    private async Task<InstallVerdict?> JudgeAsync(StateInForce state, DesiredInstall install, Checked<TrustRoot> root, CancellationToken ct)
    {
        var revision = InstallDigest.Of(identity.Cluster, identity.Organization, install);
        try
        {
            var (refusal, removed) = root.TryGet(out var trusted, out var unreadable) ? await BringAboutAsync(state, install, trusted, ct) : (unreadable, false);
            var acceptedAt = refusal is null && await memory.FindAsync(install.Id, ct) is { } accepted && accepted.Digest == revision ? accepted.AcceptedAt : clock.GetUtcNow();
            return new(install, revision, refusal, acceptedAt, removed);
        }
        catch (ClusterApiException e) when (e.IsTransient)
        {
            Postponed(log, install.Namespace, install.Name, e.Message);
            return null;
        }
        catch (ClusterApiException e)
        {
            var problem = Problems.From(e, new AppKey(install.Namespace, install.Name).Ref).First();
            return new(install, revision, new(problem.Code, problem.ToString()), clock.GetUtcNow(), false);
        }
        catch (Exception e) when (e is not (OperationCanceledException or HttpRequestException or TimeoutException))
        {
            Faulted(log, e, install.Namespace, install.Name);
            return new(install, revision, new("install.fault", $"The agent failed on this install: {e.Message}"), clock.GetUtcNow(), false);
        }
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

    private async Task<(Refusal? Refusal, bool Removed)> BringAboutAsync(StateInForce state, DesiredInstall install, TrustRoot root, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var before = await memory.FindAsync(install.Id, ct);
        if (!InstallVerifier.Check(state.Accepted.State, install, state.Documents, root, BuiltIn, now, before).TryGet(out var verified, out var refusal))
            return (refusal, false);
        await memory.RememberAsync(install.Id, verified.Digest, verified.Approved?.ApprovedAt, now, ct);
        var key = new AppKey(install.Namespace, install.Name);
        if (install.Paused)
            return (null, false);
        if (install.Removed)
            return (null, await RemoveAsync(key, install.Id, ct));
        if (installed.Find(key, install.Id) is { IsRemoving: false } app && app.Revision == verified.Digest.ToString())
            return (null, false);
        if (!Compose(verified).TryGet(out var desired, out refusal))
            return (refusal, false);
        return await apps.PutAsync(desired, ct) is [var problem, ..] ? (new(problem.Code, problem.ToString()), false) : (null, false);
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

    [LoggerMessage(6122, LogLevel.Warning, "The cluster cannot be reconciled with the state at present; trying again: {Reason}")]
    private static partial void Interrupted(ILogger log, string reason);
}
