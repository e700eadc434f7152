using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Provisioners.AppEngine;

/// <summary>
/// How the App is reached from outside: one HTTPRoute (or Ingress, where the cluster has no Gateway API or no Gateway was named) for all http routes,
/// and a LoadBalancer Service for each tcp route where the settings allow it. What is not opened is noted with the reason.
/// </summary>
internal sealed class AppRoutes
{
    private readonly RenderContext _context;
    private readonly List<(Route Route, AppPort Port, string Prefix)> _http = [];
    private readonly List<(Route Route, AppPort Port)> _tcp = [];
    private readonly List<AppProblem> _notes = [];
    private readonly List<AppProblem> _errors = [];

    private AppRoutes(RenderContext context) => _context = context;

    public IReadOnlyList<AppProblem> Notes => _notes;
    public IReadOnlyList<AppProblem> Errors => _errors;

    /// <summary>Container ports that the gateway may reach.</summary>
    public IEnumerable<AppPort> HttpPorts => _http.Select(item => item.Port).Distinct();

    /// <summary>Container ports that anybody may reach.</summary>
    public IEnumerable<AppPort> TcpPorts => _tcp.Select(item => item.Port).Distinct();

    private bool UsesGateway => _context.ServesHttpRoutes && _context.Settings.Gateway is not null;

    public bool LeadsOverHttpTo(AppPort port) => _http.Any(item => item.Port == port);

    public static AppRoutes Render(RenderContext context, AppEngineSpec engine)
    {
        var routes = new AppRoutes(context);
        foreach (var route in context.Spec.Routes.Where(route => !route.Disabled && !route.Private))
            if (engine.PortOf(route) is not { } port)
                routes._errors.Add(new("route.port", "", $"A {route.Type.ToString().ToLowerInvariant()} route leads to a port that the edition does not have. Add it to spec.provisioner.ports."));
            else if (route.Type == RouteType.Http)
                routes.AddHttp(route, port);
            else
                routes.AddTcp(route, port);
        return routes;
    }

    public IEnumerable<KubernetesObject> Objects(AppLabels labels)
    {
        if (_http.Count > 0)
            yield return UsesGateway
                ? labels.Owned(ResourceKind.HttpRoute, _context.App.Name, json => json["spec"] = HttpRouteSpec())
                : labels.Owned(ResourceKind.Ingress, _context.App.Name, json => json["spec"] = IngressSpec());
        foreach (var (route, port) in _tcp)
            yield return labels.Owned(ResourceKind.Service, AppNames.Fit($"{_context.App.Name}-{route.Tcp!.Name}"), json => json["spec"] = new JsonObject
            {
                ["type"] = "LoadBalancer",
                ["selector"] = labels.Selector(),
                ["ports"] = new JsonArray(new JsonObject
                {
                    ["name"] = "tcp",
                    ["port"] = route.Tcp.Port > 0 ? route.Tcp.Port : port.Port,
                    ["targetPort"] = port.TargetPort,
                    ["protocol"] = "TCP",
                }),
            });
    }

    private void AddHttp(Route route, AppPort port)
    {
        var prefix = route.Http?.Prefix ?? "/";
        if (route.Http is { Private: true })
            _notes.Add(new("route.private", "", $"The route {prefix} is for signed-in people only, which this cluster's gateway cannot check; it is not opened."));
        else if (_http.Any(item => item.Prefix == prefix))
            _notes.Add(new("route.duplicate", "", $"Two http routes have the prefix {prefix}; only the first is opened."));
        else if (route.Http?.Rewrite is not null && !UsesGateway)
            _errors.Add(new("route.rewrite", "",
                $"The route {prefix} rewrites its path, which an Ingress cannot do. Install the Gateway API and name a Gateway in {AgentSettings.ConfigMapName} (key gateway)."));
        else
            _http.Add((route, port, prefix));
    }

    private void AddTcp(Route route, AppPort port)
    {
        if (_context.Settings.TcpRoutes == TcpRoutes.None)
            _notes.Add(new("route.tcp", "",
                $"The tcp route {route.Tcp!.Name} is not opened. To open tcp routes to the outside, set tcpRoutes to loadBalancer in {AgentSettings.ConfigMapName}."));
        else
            _tcp.Add((route, port));
    }

    private JsonObject IngressSpec()
    {
        var spec = new JsonObject
        {
            ["rules"] = new JsonArray(new JsonObject
            {
                ["host"] = _context.PublicHost,
                ["http"] = new JsonObject
                {
                    ["paths"] = _http.Select(item => new JsonObject
                    {
                        ["path"] = item.Prefix,
                        ["pathType"] = "Prefix",
                        ["backend"] = new JsonObject
                        {
                            ["service"] = new JsonObject { ["name"] = _context.App.Name, ["port"] = new JsonObject { ["number"] = item.Port.Port } },
                        },
                    }).ToJson(),
                },
            }),
        };
        if (_context.Settings.IngressClass is { } ingressClass)
            spec["ingressClassName"] = ingressClass;
        return spec;
    }

    private JsonObject HttpRouteSpec() => new()
    {
        ["parentRefs"] = new JsonArray(new JsonObject { ["namespace"] = _context.Settings.Gateway!.Value.Namespace, ["name"] = _context.Settings.Gateway.Value.Name }),
        ["hostnames"] = new JsonArray(_context.PublicHost),
        ["rules"] = _http.Select(item =>
        {
            var rule = new JsonObject
            {
                ["matches"] = new JsonArray(new JsonObject { ["path"] = new JsonObject { ["type"] = "PathPrefix", ["value"] = item.Prefix } }),
                ["backendRefs"] = new JsonArray(new JsonObject { ["name"] = _context.App.Name, ["port"] = item.Port.Port }),
            };
            if (item.Route.Http?.Rewrite is { } rewrite)
                rule["filters"] = new JsonArray(new JsonObject
                {
                    ["type"] = "URLRewrite",
                    ["urlRewrite"] = new JsonObject { ["path"] = new JsonObject { ["type"] = "ReplacePrefixMatch", ["replacePrefixMatch"] = rewrite } },
                });
            return rule;
        }).ToJson(),
    };
}
