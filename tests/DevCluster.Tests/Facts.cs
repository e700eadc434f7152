using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>A test that runs the real kubectl; skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KubectlFactAttribute : FactAttribute
{
    public KubectlFactAttribute()
    {
        if (Kubectl.Path is null)
            Skip = "There is no kubectl here (KUBECTL, PATH, .codezero/tools).";
    }
}

/// <summary>A test of what only DevCluster has (speed, faults to try, its own files); skipped on a real cluster.</summary>
[AttributeUsage(AttributeTargets.Method)]
public class DevClusterFactAttribute : FactAttribute
{
    public DevClusterFactAttribute()
    {
        if (ClusterFixture.RealKubeconfig is not null)
            Skip = $"{ClusterFixture.RealVariable} names a real cluster, which behaves otherwise here.";
    }
}

/// <summary>Both of the others.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DevClusterKubectlFactAttribute : DevClusterFactAttribute
{
    public DevClusterKubectlFactAttribute() => Skip ??= new KubectlFactAttribute().Skip;
}
