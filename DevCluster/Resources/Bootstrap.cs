using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources;

/// <summary>The objects every cluster starts with: <c>bootstrap.yaml</c>. Those that exist are left as they are.</summary>
internal static class Bootstrap
{
    public static void Ensure(ResourceService service)
    {
        using var stream = typeof(Bootstrap).Assembly.GetManifestResourceStream("bootstrap.yaml")!;
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        foreach (var o in YamlText.Parse(buffer.ToArray()).ObjectsAt("items"))
        {
            var (group, version) = o.StringAt("apiVersion")!.Split('/') is [var g, var v] ? (g, v) : ("", o.StringAt("apiVersion")!);
            var type = service.Catalog.FindKind(group, o.StringAt("kind")!)!;
            var target = new Target(type, type.Version(version)!, o.StringAt("metadata", "namespace") ?? "", o.StringAt("metadata", "name")!);
            if (service.Store.Get(target.Key) is not null)
                continue;
            service.Create(target, o, WriteContext.System("devcluster"));
            if (o["status"] is { } status && type.Plural == "nodes")
                service.Modify(target with { Subresource = "status" }, live =>
                {
                    live["status"] = status.DeepClone();
                    return true;
                }, WriteContext.System("kubelet"));
        }
    }
}
