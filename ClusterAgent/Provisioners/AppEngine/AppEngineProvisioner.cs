using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Provisioners.AppEngine;

/// <summary>
/// AppEngine: one container image as a Deployment, with its ConfigMap, Secret, claims, Service, routes and network policy.
/// Object names follow the App's name, because manifests rely on the Service being called as the App is.
/// </summary>
internal sealed class AppEngineProvisioner : IProvisioner
{
    private const int MaxLabel = 63;

    public RenderResult Render(RenderContext context)
    {
        if (context.Spec.Provisioner.AppEngine is not { } engine)
            return RenderResult.Failed(new AppProblem("spec.invalid", "", "spec.provisioner: AppEngine needs an image."));
        var errors = CheckNames(context, engine).ToList();
        var environment = AppEnvironment.Resolve(context, engine, errors);
        var routes = AppRoutes.Render(context, engine);
        errors.AddRange(routes.Errors);
        if (errors.Count > 0)
            return new() { Errors = errors, Notes = routes.Notes };

        var labels = new AppLabels(context);
        var objects = new List<KubernetesObject>();
        if (environment.Configs.Count > 0)
            objects.Add(labels.Owned(ResourceKind.ConfigMap, AppNames.Config(context.App.Name), json => json["data"] = environment.Configs.ToJson()));
        if (environment.Secrets.Count > 0)
            objects.Add(labels.Owned(ResourceKind.Secret, AppNames.Secret(context.App.Name), json =>
            {
                json["type"] = "Opaque";
                new KubernetesObject(json).EncodeData(environment.Secrets);
            }));
        objects.AddRange(engine.Volumes.Select(volume => Claim(context, labels, volume)));
        objects.Add(AppDeployment.Render(context, engine, labels, environment));
        if (engine.Ports.Count > 0)
            objects.Add(labels.Owned(ResourceKind.Service, context.App.Name, json => json["spec"] = Service(engine, labels, routes)));
        objects.AddRange(routes.Objects(labels));
        objects.Add(AppNetworkPolicy.Render(context, engine, labels, routes));
        return new() { Objects = objects, Notes = routes.Notes, StartupBudget = AppProbeObjects.StartupBudget(engine) };
    }

    private static IEnumerable<AppProblem> CheckNames(RenderContext context, AppEngineSpec engine)
    {
        var (ns, name) = context.App;
        if (name.Length > MaxLabel || name.Contains('.', StringComparison.Ordinal))
            yield return new("app.name", "", $"The App's name becomes the name of its objects: use at most {MaxLabel} lower-case letters, digits and '-'.");
        else if (engine.Ports.Count > 0 && !char.IsAsciiLetterLower(name[0]))
            yield return new("app.name", "", "The App's name becomes the name of its Service, which must begin with a letter.");
        if (!context.Spec.HasPublicHttpRoute)
            yield break;
        if (name.Contains("--", StringComparison.Ordinal) || ns.Contains("--", StringComparison.Ordinal))
            yield return new("app.name", "", "The public host is name--namespace: neither may contain \"--\" itself.");
        if (name.Length + ns.Length + 2 > MaxLabel)
            yield return new("app.name", "", $"The public host is {name}--{ns}, which is longer than the {MaxLabel} characters of a DNS label. Use a shorter name.");
    }

    private static KubernetesObject Claim(RenderContext context, AppLabels labels, AppVolume volume)
    {
        var name = AppNames.Claim(context.App.Name, volume.Name);
        var size = context.ExistingClaims.TryGetValue(name, out var existing) && existing.Value > volume.Size.Value ? existing : volume.Size;

        // No owner reference: what collects the App's garbage must never collect its data.
        var claim = labels.Free(ResourceKind.PersistentVolumeClaim, name);
        claim.Metadata["annotations"] = new JsonObject { ["system.codezero.io/volume"] = volume.Name };
        claim.Json["spec"] = new JsonObject
        {
            ["accessModes"] = new JsonArray("ReadWriteOnce"),
            ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = size.ToString() } },
        };
        return claim;
    }

    private static JsonObject Service(AppEngineSpec engine, AppLabels labels, AppRoutes routes) => new()
    {
        ["type"] = "ClusterIP",
        ["selector"] = labels.Selector(),
        ["ports"] = engine.Ports.Select(port =>
        {
            var json = new JsonObject { ["port"] = port.Port, ["targetPort"] = port.TargetPort, ["protocol"] = port.Protocol.Text() };
            if (port.Name is not null)
                json["name"] = port.Name;
            if (routes.LeadsOverHttpTo(port))
                json["appProtocol"] = "http";
            return json;
        }).ToJson(),
    };
}

internal static class PortProtocols
{
    /// <summary>As Kubernetes writes it.</summary>
    public static string Text(this PortProtocol protocol) => protocol switch
    {
        PortProtocol.Udp => "UDP",
        PortProtocol.Sctp => "SCTP",
        _ => "TCP",
    };
}
