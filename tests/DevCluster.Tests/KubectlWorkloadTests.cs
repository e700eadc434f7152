using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>Workloads that come up, change, and fail.</summary>
public sealed class KubectlWorkloadTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [KubectlFact]
    public async Task A_deployment_rolls_out_scales_changes_and_rolls_back()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create deployment web --image=nginx:1 --replicas=2");
        Assert.Contains("successfully rolled out", (await kubectl.RunAsync("rollout status deployment/web --timeout=60s")).Output);
        await kubectl.RunAsync("wait --for=condition=Available deployment/web --timeout=60s");
        await kubectl.RunAsync("wait --for=jsonpath={.status.readyReplicas}=2 deployment/web --timeout=60s");
        Assert.StartsWith("web 2/2 2 2 ", (await kubectl.RunAsync("get deployment web")).Rows[1]);
        await kubectl.RunAsync("scale deployment web --replicas=3");
        await kubectl.RunAsync("set image deployment/web nginx=nginx:2");
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
        await Eventually.HoldsAsync(async () => await ImagesAsync(kubectl) == "nginx:2 nginx:2 nginx:2");
        Assert.Equal(2, (await kubectl.RunAsync("get rs -o name")).Rows.Count);
        await kubectl.RunAsync("rollout undo deployment/web");
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
        Assert.Equal("nginx:1", (await kubectl.RunAsync("get deployment web -o jsonpath={.spec.template.spec.containers[0].image}")).Output);
        Assert.Equal("3", (await kubectl.RunAsync("get deployment web -o 'jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}'")).Output);
        Assert.Equal(2, (await kubectl.RunAsync("get rs -o name")).Rows.Count);
    }

    [KubectlFact]
    public async Task Recreate_stops_the_old_pods_first()
    {
        var kubectl = await cluster.NamespaceAsync();
        var manifest = Manifests.Deployment("web").Replace("replicas: 1", "replicas: 1\n  strategy: {type: Recreate}", StringComparison.Ordinal);
        await kubectl.RunAsync("apply -f -", manifest);
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
        await kubectl.RunAsync("apply -f -", manifest.Replace("nginx:1", "nginx:2", StringComparison.Ordinal));
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
        Assert.Equal("nginx:2", await ImagesAsync(kubectl));
    }

    [DevClusterKubectlFact]
    public async Task An_image_that_does_not_exist_shows_in_the_pod_and_stalls_the_rollout()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply -f -", Manifests.Deployment("web", "registry.example/does-not-exist:1").Replace("replicas: 1", "replicas: 1\n  progressDeadlineSeconds: 1", StringComparison.Ordinal));
        await Eventually.HoldsAsync(async () => (await kubectl.RunAsync("get pods --no-headers")).Output.Contains("ImagePullBackOff", StringComparison.Ordinal));
        Assert.Contains("exceeded its progress deadline", (await kubectl.TryAsync("rollout status deployment/web --timeout=30s")).Error);
        Assert.Contains("failed to pull and unpack image", (await kubectl.RunAsync("get events")).Output);
        await kubectl.RunAsync("set image deployment/web main=nginx:1");
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
    }

    [KubectlFact]
    public async Task A_missing_secret_holds_the_container_until_it_is_there()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply -f -", Manifests.Deployment("web").Replace("env: [{name: COLOUR, value: blue}]", "envFrom: [{secretRef: {name: later}}]", StringComparison.Ordinal));
        await Eventually.HoldsAsync(async () => (await kubectl.RunAsync("get pods --no-headers")).Output.Contains("CreateContainerConfigError", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        await kubectl.RunAsync("create secret generic later --from-literal=a=b");
        await kubectl.RunAsync("rollout status deployment/web --timeout=120s");
    }

    [KubectlFact]
    public async Task A_missing_claim_keeps_the_pod_pending_until_it_is_bound()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply -f -", Manifests.Deployment("web").Replace("      containers:", "      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n      containers:", StringComparison.Ordinal));
        await Eventually.HoldsAsync(async () => (await kubectl.RunAsync("get events")).Output.Contains("FailedScheduling", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        Assert.Contains(" 0/1 Pending ", (await kubectl.RunAsync("get pods")).Rows[1]);
        await kubectl.RunAsync("apply -f -", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n");
        await kubectl.RunAsync("rollout status deployment/web --timeout=120s");
        Assert.Matches("^data Bound \\S+ 1Gi RWO standard ", (await kubectl.RunAsync("get pvc data")).Rows[1]);
        var shrunk = await kubectl.TryAsync("patch pvc data -p '{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"1Mi\"}}}}'");
        Assert.Contains("field can not be less than", shrunk.Error);
    }

    [KubectlFact]
    public async Task A_job_runs_to_its_end_and_takes_its_pods_along()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create job once --image=busybox:1 -- true");
        await kubectl.RunAsync("wait --for=condition=complete job/once --timeout=60s");
        Assert.StartsWith("once Complete 1/1 ", (await kubectl.RunAsync("get job once")).Rows[1]);
        Assert.Contains(" 0/1 Completed ", (await kubectl.RunAsync("get pods -l job-name=once")).Rows[1]);
        await kubectl.RunAsync("delete job once");
        await Eventually.HoldsAsync(async () => (await kubectl.RunAsync("get pods -o name")).Output.Length == 0);
    }

    [DevClusterKubectlFact]
    public async Task A_job_whose_pods_fail_gives_up_after_its_limit()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply -f -", """
            apiVersion: batch/v1
            kind: Job
            metadata: {name: hopeless}
            spec:
              backoffLimit: 1
              template:
                metadata: {annotations: {devcluster.codezero.io/exit-code: "3"}}
                spec: {restartPolicy: Never, containers: [{name: main, image: "busybox:1"}]}
            """);
        await kubectl.RunAsync("wait --for=condition=failed job/hopeless --timeout=60s");
        Assert.Equal("2", (await kubectl.RunAsync("get job hopeless -o jsonpath={.status.failed}")).Output);
    }

    [KubectlFact]
    public async Task A_stateful_set_brings_numbered_pods_with_claims()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply -f -", """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: db}
            spec:
              replicas: 2
              serviceName: db
              selector: {matchLabels: {app: db}}
              template:
                metadata: {labels: {app: db}}
                spec: {containers: [{name: main, image: "nginx:1", volumeMounts: [{name: data, mountPath: /data}]}]}
              volumeClaimTemplates:
              - metadata: {name: data}
                spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
            """);
        await kubectl.RunAsync("rollout status statefulset/db --timeout=120s");
        Assert.Equal("pod/db-0 pod/db-1", string.Join(' ', (await kubectl.RunAsync("get pods -o name")).Rows));
        Assert.Equal(2, (await kubectl.RunAsync("get pvc data-db-0 data-db-1 -o name")).Rows.Count);
        await kubectl.RunAsync("set image statefulset/db main=nginx:2");
        await kubectl.RunAsync("rollout status statefulset/db --timeout=120s");
        Assert.Equal("nginx:2 nginx:2", await ImagesAsync(kubectl));
    }

    [KubectlFact]
    public async Task A_daemon_set_runs_on_every_node()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply -f -", Manifests.Deployment("agent").Replace("kind: Deployment", "kind: DaemonSet", StringComparison.Ordinal).Replace("  replicas: 1\n", "", StringComparison.Ordinal));
        await kubectl.RunAsync("rollout status daemonset/agent --timeout=120s");
    }

    [KubectlFact]
    public async Task A_service_finds_its_ready_pods()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create deployment web --image=nginx:1 --replicas=2 --port=80");
        await kubectl.RunAsync("expose deployment web --port=8080 --target-port=80");
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
        await Eventually.HoldsAsync(async () => (await kubectl.RunAsync("get endpoints web -o jsonpath={.subsets[*].addresses[*].ip}")).Output.Split(' ').Length == 2);
        await Eventually.HoldsAsync(async () => (await kubectl.RunAsync("get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[*].endpoints[*].addresses[0]}")).Output.Split(' ').Length == 2);
        var changed = await kubectl.TryAsync("patch service web -p '{\"spec\":{\"clusterIP\":\"10.96.250.250\"}}'");
        Assert.Contains("may not change once set", changed.Error);
    }

    [DevClusterKubectlFact]
    public async Task Logs_say_that_nothing_runs()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("run one --image=nginx:1");
        await kubectl.RunAsync("wait --for=condition=Ready pod/one --timeout=60s");
        Assert.Contains("DevCluster runs no containers", (await kubectl.RunAsync("logs one")).Output);
    }

    /// <summary>The images of the pods that are there; one that was told to go is there for a while.</summary>
    private static async Task<string> ImagesAsync(Kubectl kubectl) => (await kubectl.RunAsync("get pods -o jsonpath={.items[*].spec.containers[0].image}")).Output;
}
