using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.HubLink;

namespace CodeZero.ClusterAgent.Tests.HubLink;

/// <summary>What the Hub is told of an install follows from the verdict and from the App's own status, and from nothing stale.</summary>
public sealed class ReportComposerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Cluster = Guid.CreateVersion7(), Organization = Guid.CreateVersion7();

    [Fact]
    public void A_refused_install_says_its_code_and_is_neither_applied_nor_healthy()
    {
        var install = Install();
        var report = Compose(install, Verdict(install, new Refusal(RefusalCode.InstallUnapproved, "0 of 1 needed approvals.")), App(install, AppPhase.Running));

        var told = Assert.Single(report.Installs);
        Assert.Equal(InstallPhase.Refused, told.Phase);
        Assert.Equal([ReportStep.Fetched, ReportStep.Verified], told.Steps.Select(step => step.Step));
        Assert.Equal((StepState.Failed, RefusalCode.InstallUnapproved), (told.Steps[1].State, told.Steps[1].Code));
        Assert.Equal((RefusalCode.InstallUnapproved, install.Id), (Assert.Single(report.Refusals).Code, report.Refusals[0].Install!.Value));
    }

    /// <summary>The agent said "verified" of a document that it never had, where the Hub said "fetched".</summary>
    [Theory]
    [InlineData(RefusalCode.BlobMissing, new ReportStep[0], ReportStep.Fetched)]
    [InlineData(RefusalCode.BlobDigest, new ReportStep[0], ReportStep.Fetched)]
    [InlineData(RefusalCode.ProvisionerIntegrity, new[] { ReportStep.Fetched }, ReportStep.Verified)]
    [InlineData(RefusalCode.ApplyConflict, new[] { ReportStep.Fetched, ReportStep.Verified }, ReportStep.Applied)]
    public void A_refusal_breaks_the_chain_where_it_belongs(string code, ReportStep[] done, ReportStep broken)
    {
        var install = Install();
        var told = Assert.Single(Compose(install, Verdict(install, new Refusal(code, "Because.")), null).Installs);

        Assert.Equal([.. done.Select(step => (step, StepState.Done)), (broken, StepState.Failed)], told.Steps.Select(step => (step.Step, step.State)));
        Assert.Equal(code, told.Steps[^1].Code);
    }

    [Fact]
    public void A_healthy_app_of_this_revision_is_healthy_with_the_times_of_its_conditions()
    {
        var install = Install();
        var told = Assert.Single(Compose(install, Verdict(install), App(install, AppPhase.Running)).Installs);

        Assert.Equal(InstallPhase.Healthy, told.Phase);
        Assert.Equal(
            [(ReportStep.Fetched, StepState.Done), (ReportStep.Verified, StepState.Done), (ReportStep.Applied, StepState.Done), (ReportStep.Healthy, StepState.Done)],
            told.Steps.Select(step => (step.Step, step.State)));
        Assert.Equal(Now.AddSeconds(-5), told.Steps[3].At);
        Assert.Equal(new ObjectCount(5, 5), told.Objects);
    }

    [Fact]
    public void The_health_of_an_earlier_revision_is_not_told_as_that_of_the_new_one()
    {
        var install = Install();
        var told = Assert.Single(Compose(install, Verdict(install), App(install, AppPhase.Running) with { Revision = Digest.Of("former"u8).ToString() }).Installs);

        Assert.Equal(InstallPhase.Progressing, told.Phase);
        Assert.DoesNotContain(told.Steps, step => step.Step is ReportStep.Applied or ReportStep.Healthy);
    }

    [Fact]
    public void A_status_from_before_the_last_change_of_the_app_is_not_told()
    {
        var install = Install();
        var told = Assert.Single(Compose(install, Verdict(install), App(install, AppPhase.Running) with { Generation = 2 }).Installs);

        Assert.Equal(InstallPhase.Progressing, told.Phase);
        Assert.Equal(new ObjectCount(0, 0), told.Objects);
    }

    [Fact]
    public void What_the_local_policy_forbids_failed_to_apply()
    {
        var install = Install();
        var app = App(install, AppPhase.Error) with
        {
            Status = new AppStatus
            {
                Phase = AppPhase.Error,
                ObservedGeneration = 1,
                Conditions = [new(AppConditions.Rendered, true, "Succeeded", ""), new(AppConditions.Permitted, false, "policy.privileged", "Deployment a/b: privileged") { Since = Now }],
            },
        };
        var told = Assert.Single(Compose(install, Verdict(install), app).Installs);

        Assert.Equal(InstallPhase.Failed, told.Phase);
        var applied = Assert.Single(told.Steps, step => step.Step == ReportStep.Applied);
        Assert.Equal((StepState.Failed, "policy.privileged"), (applied.State, applied.Code));
    }

    [Fact]
    public void A_NUL_in_a_containers_last_words_does_not_make_the_report_one_that_the_Hub_must_refuse()
    {
        var install = Install();
        var app = App(install, AppPhase.Error);
        var told = Assert.Single(Compose(install, Verdict(install), app with { Status = app.Status with { Errors = [new("health.Error", "", "died \0 here")] } }).Installs);

        Assert.Equal("died \uFFFD here", Assert.Single(told.FirstErrors));
    }

    [Fact]
    public void A_removal_is_told_as_done_only_when_the_app_is_gone()
    {
        var install = Install() with { Removed = true };
        Assert.Equal(InstallPhase.Removing, Assert.Single(Compose(install, Verdict(install), App(install, AppPhase.Terminating)).Installs).Phase);
        Assert.Equal(InstallPhase.Removed, Assert.Single(Compose(install, Verdict(install) with { Removed = true }, null).Installs).Phase);
    }

    [Fact]
    public void A_refused_state_is_told_beside_the_one_that_goes_on()
    {
        var install = Install();
        var state = State(install);
        var report = ReportComposer.Compose(
            Cluster, "v1.32.4", state, new Refusal(RefusalCode.StateRollback, "older"), new Dictionary<Guid, InstallVerdict>(), _ => null, Now);

        Assert.Equal(state.Accepted.Digest, report.StateDigest);
        Assert.Equal((RefusalCode.StateRollback, (Guid?)null), (Assert.Single(report.Refusals).Code, report.Refusals[0].Install));
        Assert.True(AgentReport.Parse(report.ToJson()).Accepted);
    }

    [Fact]
    public void A_state_that_ends_while_it_is_in_force_is_told_as_expired()
    {
        // The Hub answered "nothing new" for weeks, and the agent kept silent about it.
        var state = State(Install());
        var report = ReportComposer.Compose(
            Cluster, "v1.32.4", state, null, new Dictionary<Guid, InstallVerdict>(), _ => null, state.Accepted.State.ExpiresAt);

        Assert.Equal(RefusalCode.StateExpired, Assert.Single(report.Refusals).Code);
        Assert.Equal(state.Accepted.Digest, report.StateDigest);
    }

    private static AgentReport Compose(DesiredInstall install, InstallVerdict verdict, AppSnapshot? app)
    {
        var report = ReportComposer.Compose(Cluster, "v1.32.4", State(install), null, new Dictionary<Guid, InstallVerdict> { [install.Id] = verdict }, _ => app, Now);
        // Whatever is composed must pass as a report.
        return AgentReport.Parse(report.ToJson()).Value;
    }

    private static DesiredInstall Install() => new(
        Guid.CreateVersion7(), "web", "shop", "acme/web", "stable", "1.0.0", Digest.Of("manifest"u8), new("@provisioner/appengine", "0.1.0", null), null, null, null, false, false, []);

    private static StateInForce State(DesiredInstall install)
    {
        var state = new DesiredState(Cluster, Organization, 1, null, Now.AddMinutes(-1), Now.AddDays(1), [install], new(60));
        return new(new AcceptedState(state, state.ToDigest(), []), new(new Dictionary<Digest, ReadOnlyMemory<byte>>()),
            new Dictionary<Digest, DateTimeOffset> { [LinkNames.EntryOf(state, install)] = Now.AddSeconds(-20) });
    }

    private static InstallVerdict Verdict(DesiredInstall install, Refusal? refusal = null) =>
        new(install, InstallDigest.Of(Cluster, Organization, install), refusal, Now.AddSeconds(-10), false);

    private static AppSnapshot App(DesiredInstall install, AppPhase phase) => new(
        new(install.Namespace, install.Name), install.Id.ToString(), InstallDigest.Of(Cluster, Organization, install).ToString(), install.Edition, install.Version,
        install.Manifest.ToString(), 1, "",
        new AppStatus
        {
            Phase = phase,
            ObservedGeneration = 1,
            ObjectsTotal = 5,
            ObjectsReady = 5,
            Conditions =
            [
                new(AppConditions.Rendered, true, "Succeeded", "") { Since = Now.AddSeconds(-9) },
                new(AppConditions.Applied, true, "Succeeded", "") { Since = Now.AddSeconds(-8) },
                new(AppConditions.Healthy, true, "Succeeded", "") { Since = Now.AddSeconds(-5) },
            ],
        }, phase == AppPhase.Terminating, false);
}
