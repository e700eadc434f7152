using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Provisioners.AppEngine;

/// <summary>The Deployment: one pod template with one container.</summary>
internal static class AppDeployment
{
    /// <summary>On the pod template: changes with the configuration, so that a change of it rolls the pods.</summary>
    private const string ConfigHashAnnotation = "system.codezero.io/config-hash";

    /// <summary>Volumes are written to by this group unless the manifest names another.</summary>
    private const int DefaultFsGroup = 1000;

    public static KubernetesObject Render(RenderContext context, AppEngineSpec engine, AppLabels labels, AppEnvironment environment) =>
        labels.Owned(ResourceKind.Deployment, context.App.Name, json => json["spec"] = new JsonObject
        {
            // No replicas: one is the default, and whoever scales the Deployment shall not fight with the agent.
            ["strategy"] = Strategy(engine),
            ["progressDeadlineSeconds"] = (int)(context.Settings.ReadyDeadline + AppProbeObjects.StartupBudget(engine)).TotalSeconds,
            ["selector"] = new JsonObject { ["matchLabels"] = labels.Selector() },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = labels.All(), ["annotations"] = new JsonObject { [ConfigHashAnnotation] = environment.Hash(context.Fingerprint) } },
                ["spec"] = PodSpec(context, engine, environment),
            },
        });

    /// <summary>A volume that only one node can mount would hold up the new pod for ever while the old one has it.</summary>
    private static JsonObject Strategy(AppEngineSpec engine) => engine.Volumes.Count > 0
        ? new() { ["type"] = "Recreate" }
        : new() { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["maxSurge"] = "25%", ["maxUnavailable"] = "25%" } };

    private static JsonObject PodSpec(RenderContext context, AppEngineSpec engine, AppEnvironment environment)
    {
        var spec = new JsonObject
        {
            ["automountServiceAccountToken"] = false,

            // A Service called redis would otherwise put REDIS_PORT=tcp://… into the App's environment.
            ["enableServiceLinks"] = false,
            ["securityContext"] = SecurityContext(engine.SecurityContext),
            ["containers"] = new JsonArray(Container(context, engine, environment)),
        };
        if (engine.Volumes.Count > 0)
            spec["volumes"] = engine.Volumes.Select(volume => new JsonObject
            {
                ["name"] = volume.Name,
                ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = AppNames.Claim(context.App.Name, volume.Name) },
            }).ToJson();
        return spec;
    }

    private static JsonObject SecurityContext(AppSecurityContext own)
    {
        var security = new JsonObject
        {
            ["fsGroup"] = own.FsGroup ?? DefaultFsGroup,
            ["fsGroupChangePolicy"] = "OnRootMismatch",
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        if (own.RunAsUser is { } user)
            security["runAsUser"] = user;
        if (own.RunAsGroup is { } group)
            security["runAsGroup"] = group;
        if (own.RunAsNonRoot is { } nonRoot)
            security["runAsNonRoot"] = nonRoot;
        if (own.SupplementalGroups.Count > 0)
            security["supplementalGroups"] = new JsonArray([.. own.SupplementalGroups.Select(id => (JsonNode)id)]);
        return security;
    }

    private static JsonObject Container(RenderContext context, AppEngineSpec engine, AppEnvironment environment)
    {
        var container = new JsonObject
        {
            ["name"] = context.App.Name,
            ["image"] = engine.Image.ToString(),
            ["imagePullPolicy"] = (engine.PullPolicy ?? engine.Image.DefaultPullPolicy).ToString(),
        };
        if (engine.Command.Count > 0)
            container["command"] = engine.Command.ToJson();
        if (EnvironmentSources(context, engine, environment).ToList() is { Count: > 0 } sources)
            container["envFrom"] = sources.ToJson();

        // Two ports of the Service may lead to one of the container.
        if (engine.Ports.DistinctBy(port => (port.TargetPort, port.Protocol)).ToList() is { Count: > 0 } ports)
            container["ports"] = ports.Select(port =>
            {
                var json = new JsonObject { ["containerPort"] = port.TargetPort, ["protocol"] = port.Protocol.Text() };
                if (port.Name is not null)
                    json["name"] = port.Name;
                return json;
            }).ToJson();
        if (engine.Volumes.Count > 0)
            container["volumeMounts"] = engine.Volumes.Select(volume =>
            {
                var json = new JsonObject { ["name"] = volume.Name, ["mountPath"] = volume.MountPath };
                if (volume.SubPath is not null)
                    json["subPath"] = volume.SubPath;
                return json;
            }).ToJson();
        if (Resources(engine.Resources) is { Count: > 0 } resources)
            container["resources"] = resources;
        foreach (var (name, probe) in AppProbeObjects.Render(engine))
            container[name] = probe;
        return container;
    }

    /// <summary>In Kubernetes a later source wins: what others provide overrides the App's own values.</summary>
    private static IEnumerable<JsonObject> EnvironmentSources(RenderContext context, AppEngineSpec engine, AppEnvironment environment)
    {
        static JsonObject Source(string kind, string name) => new() { [kind] = new JsonObject { ["name"] = name } };
        if (environment.Configs.Count > 0)
            yield return Source("configMapRef", AppNames.Config(context.App.Name));
        if (environment.Secrets.Count > 0)
            yield return Source("secretRef", AppNames.Secret(context.App.Name));
        foreach (var name in engine.SecretRefs)
            yield return Source("secretRef", name);
        foreach (var name in engine.ConfigMapRefs)
            yield return Source("configMapRef", name);
    }

    private static JsonObject Resources(AppResources own)
    {
        var resources = new JsonObject();
        foreach (var (name, quantities) in ((string, IReadOnlyDictionary<string, Quantity>)[])[("requests", own.Requests), ("limits", own.Limits)])
            if (quantities.Count > 0)
                resources[name] = quantities.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.ToString())).ToJson();
        return resources;
    }
}
