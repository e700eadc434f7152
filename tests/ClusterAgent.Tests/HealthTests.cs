using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Health;
using CodeZero.ClusterAgent.Kubernetes;
using static CodeZero.ClusterAgent.Tests.Rendering;

namespace CodeZero.ClusterAgent.Tests;

public class HealthTests
{
    private const string Rolled = """{"observedGeneration":2,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1,"conditions":[{"type":"Available","status":"True"}]}""";

    [Theory]
    [InlineData(Rolled, "Current", "")]
    [InlineData("{}", "InProgress", "NotObserved")]
    [InlineData("""{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1}""", "InProgress", "NotObserved")]
    [InlineData("""{"observedGeneration":2}""", "InProgress", "RollingOut")]
    [InlineData("""{"observedGeneration":2,"replicas":2,"updatedReplicas":1,"readyReplicas":2,"availableReplicas":2}""", "InProgress", "RollingOut")]
    [InlineData("""{"observedGeneration":2,"replicas":1,"updatedReplicas":1,"readyReplicas":0,"availableReplicas":0}""", "InProgress", "RollingOut")]
    [InlineData("""{"observedGeneration":2,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]}""", "Failed", "ProgressDeadlineExceeded")]
    [InlineData("""{"observedGeneration":2,"conditions":[{"type":"ReplicaFailure","status":"True","reason":"FailedCreate"}]}""", "Failed", "FailedCreate")]
    public void A_deployment_is_current_when_its_new_pods_and_only_they_serve(string status, string state, string reason)
    {
        var health = HealthJudge.Judge(With("apps/v1", "Deployment", status));

        Assert.Equal((state, reason), (health.State.ToString(), health.Reason));
    }

    [Theory]
    [InlineData("v1", "PersistentVolumeClaim", """{"phase":"Bound"}""", "Current")]
    [InlineData("v1", "PersistentVolumeClaim", """{"phase":"Pending"}""", "InProgress")]
    [InlineData("v1", "PersistentVolumeClaim", """{"phase":"Lost"}""", "Failed")]
    [InlineData("batch/v1", "Job", """{"conditions":[{"type":"Complete","status":"True"}]}""", "Current")]
    [InlineData("batch/v1", "Job", """{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}]}""", "Failed")]
    [InlineData("batch/v1", "Job", "{}", "InProgress")]
    [InlineData("apiextensions.k8s.io/v1", "CustomResourceDefinition", """{"conditions":[{"type":"Established","status":"True"}]}""", "Current")]
    [InlineData("apiextensions.k8s.io/v1", "CustomResourceDefinition", """{"conditions":[{"type":"NamesAccepted","status":"False"}]}""", "Failed")]
    [InlineData("apps/v1", "StatefulSet", """{"observedGeneration":2,"readyReplicas":1,"currentRevision":"a","updateRevision":"a"}""", "Current")]
    [InlineData("apps/v1", "StatefulSet", """{"observedGeneration":2,"readyReplicas":1,"currentRevision":"a","updateRevision":"b"}""", "InProgress")]
    [InlineData("apps/v1", "DaemonSet", """{"observedGeneration":2,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":2,"numberReady":2}""", "Current")]
    [InlineData("apps/v1", "DaemonSet", """{"observedGeneration":2,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":1,"numberReady":2}""", "InProgress")]
    [InlineData("v1", "ConfigMap", "null", "Current")]
    [InlineData("x.io/v1", "Thing", """{"conditions":[{"type":"Ready","status":"False","reason":"Waiting"}]}""", "InProgress")]
    [InlineData("x.io/v1", "Thing", """{"conditions":[{"type":"Stalled","status":"True"}]}""", "Failed")]
    [InlineData("v1", "Pod", """{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}""", "Current")]
    [InlineData("v1", "Pod", """{"phase":"Failed"}""", "Failed")]
    public void Each_kind_is_judged_by_its_own_signs(string apiVersion, string kind, string status, string state) =>
        Assert.Equal(state, HealthJudge.Judge(With(apiVersion, kind, status)).State.ToString());

    [Fact]
    public void A_load_balancer_is_awaited_and_a_cluster_service_is_not()
    {
        var service = With("v1", "Service", """{"loadBalancer":{}}""");
        Assert.Equal(HealthState.Current, HealthJudge.Judge(service).State);
        service.Json["spec"] = new JsonObject { ["type"] = "LoadBalancer" };
        Assert.Equal("LoadBalancerPending", HealthJudge.Judge(service).Reason);
    }

    [Fact]
    public void Past_its_deadline_an_app_has_failed_with_the_words_of_its_first_container()
    {
        var deployment = With("apps/v1", "Deployment", """{"observedGeneration":2,"replicas":1,"updatedReplicas":1}""");
        var claim = With("v1", "PersistentVolumeClaim", """{"phase":"Bound"}""");
        var pod = Object("""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"demo","creationTimestamp":"2030-01-01T00:00:00Z"},"status":{"phase":"Pending",
             "containerStatuses":[{"name":"web","image":"nope","imageID":"","state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \"nope\""}}}]}}
            """);
        (ObjectRef, KubernetesObject?)[] objects = [(claim.Ref, claim), (deployment.Ref, deployment)];

        var waiting = AppHealth.Judge(objects, [pod], overdue: false);
        var failed = AppHealth.Judge(objects, [pod], overdue: true);

        Assert.Equal((HealthState.InProgress, HealthState.Failed), (waiting.State, failed.State));
        Assert.Equal((1, 2), (failed.Ready, failed.Total));
        Assert.Equal("health.ImagePullBackOff", failed.Problems[0].Code);
        Assert.Equal("Container web: Back-off pulling image \"nope\"", failed.Problems[0].Message);
    }

    [Fact]
    public void A_crash_loop_tells_how_the_container_ended_and_old_pods_do_not_count()
    {
        static KubernetesObject Pod(string name, string created, string containers, bool terminating = false)
        {
            var pod = Object($$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}","creationTimestamp":"{{{created}}}"},"status":{"containerStatuses":{{{containers}}}}}""");
            if (terminating)
                pod.Metadata["deletionTimestamp"] = "2030-01-01T00:00:00Z";
            return pod;
        }
        var old = Pod("a", "2030-01-01T00:00:00Z", """[{"name":"c","state":{"waiting":{"reason":"ErrImagePull"}}}]""");
        var ending = Pod("z", "2030-01-03T00:00:00Z", """[{"name":"c","state":{"waiting":{"reason":"ErrImagePull"}}}]""", terminating: true);
        var @new = Pod("b", "2030-01-02T00:00:00Z",
            """[{"name":"c","state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]""");

        var reason = PodReasons.First([old, ending, @new]);

        Assert.Equal("CrashLoopBackOff", reason!.Value.Reason);
        Assert.Contains("137 (OOMKilled)", reason.Value.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_are_reported_by_the_digest_that_runs()
    {
        var pod = Object("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"status":{"containerStatuses":[{"name":"c","image":"redis:7","imageID":"docker.io/library/redis@sha256:aa"}]}}""");

        Assert.Equal(new RunningImage("c", "redis:7", "sha256:aa"), Assert.Single(AppHealth.Judge([], [pod], false).Images));
    }

    [Theory]
    [InlineData(AppProgress.InProgress, null, "a", AppPhase.Installing)]
    [InlineData(AppProgress.Failed, null, "a", AppPhase.Error)]
    [InlineData(AppProgress.Healthy, null, "a", AppPhase.Running)]
    [InlineData(AppProgress.InProgress, "a", "b", AppPhase.Configuring)]
    [InlineData(AppProgress.InProgress, "a", "a", AppPhase.Degraded)]
    [InlineData(AppProgress.Failed, "a", "b", AppPhase.Degraded)]
    [InlineData(AppProgress.Terminating, "a", null, AppPhase.Terminating)]
    internal void The_phase_follows_from_what_was_healthy_before(AppProgress progress, string? healthy, string? revision, AppPhase phase)
    {
        var before = new AppStatus { HealthyRevision = healthy, Revision = healthy };

        Assert.Equal(phase, AppStatusRules.Next(before, new(progress) { Revision = revision }, 1, DateTimeOffset.UnixEpoch).Phase);
    }

    [Fact]
    public void The_deadline_counts_from_the_first_sight_of_a_revision_and_survives_a_restart()
    {
        var start = DateTimeOffset.UnixEpoch;
        var first = AppStatusRules.Next(new(), new(AppProgress.InProgress) { Revision = "a" }, 1, start);
        var restarted = AppStatus.Read(JsonNode.Parse(first.ToJson().ToJsonString()));
        var later = AppStatusRules.Next(restarted, new(AppProgress.InProgress) { Revision = "a" }, 1, start.AddMinutes(5));
        var other = AppStatusRules.Next(later, new(AppProgress.InProgress) { Revision = "b" }, 2, start.AddMinutes(6));

        Assert.Equal((start, start.AddMinutes(6)), (later.RolloutStartedAt, other.RolloutStartedAt));
    }

    [Fact]
    public void A_condition_keeps_its_time_while_it_keeps_its_status_and_a_status_survives_its_JSON()
    {
        var start = DateTimeOffset.UnixEpoch;
        AppOutcome Outcome(bool holds) => new(AppProgress.Failed)
        {
            Revision = "r", Conditions = [new("Applied", holds, "x", "m")], Problems = [new("c", "o", "m")], Images = [new("c", "i", "d")], Objects = (2, 1), DriftCorrected = 3,
        };
        var first = AppStatusRules.Next(new(), Outcome(false), 1, start);
        var same = AppStatusRules.Next(first, Outcome(false), 1, start.AddMinutes(1));
        var turned = AppStatusRules.Next(same, Outcome(true), 1, start.AddMinutes(2));

        Assert.Equal((start, start.AddMinutes(2)), (same.Conditions[0].Since, turned.Conditions[0].Since));
        Assert.Equal(9, turned.Drift);
        Assert.Equal(turned.ToJson().ToJsonString(), AppStatus.Read(turned.ToJson()).ToJson().ToJsonString());
    }

    private static KubernetesObject With(string apiVersion, string kind, string status) =>
        Object($$"""{"apiVersion":"{{apiVersion}}","kind":"{{kind}}","metadata":{"name":"web","namespace":"demo","generation":2},"spec":{},"status":{{status}}}""");
}
