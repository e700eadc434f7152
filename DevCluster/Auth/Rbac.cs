using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;
using Objects = System.Collections.Immutable.ImmutableSortedDictionary<(string Namespace, string Name), CodeZero.DevCluster.Storage.StoredObject>;

namespace CodeZero.DevCluster.Auth;

/// <summary>What someone wants to do: with a resource, or (path given) with a URL that is none.</summary>
internal sealed record AccessRequest(string Verb, string Group = "", string Resource = "", string Subresource = "", string Namespace = "", string Name = "", string? Path = null);

/// <summary>One rule of a role.</summary>
internal sealed record PolicyRule(string[] Verbs, string[] Groups, string[] Resources, string[] Names, string[] Urls)
{
    public static PolicyRule Read(JsonNode rule)
    {
        string[] List(string field) => (rule[field] as JsonArray)?.Select(n => n.AsString() ?? "").ToArray() ?? [];
        return new(List("verbs"), List("apiGroups"), List("resources"), List("resourceNames"), List("nonResourceURLs"));
    }

    public bool Allows(AccessRequest r)
    {
        if (!Has(Verbs, r.Verb))
            return false;
        if (r.Path is { } path)
            return Urls.Any(u => u == "*" || u == path || (u.EndsWith('*') && path.StartsWith(u[..^1], StringComparison.Ordinal)));
        var resource = r.Subresource.Length == 0 ? r.Resource : $"{r.Resource}/{r.Subresource}";
        return Has(Groups, r.Group)
            && (Has(Resources, resource) || (r.Subresource.Length > 0 && Resources.Contains($"*/{r.Subresource}")))
            && (Names.Length == 0 || (r.Name.Length > 0 && Names.Contains(r.Name)));
    }

    private static bool Has(string[] list, string item) => list.Contains("*") || list.Contains(item);

    /// <summary>The rule cut into pieces of one verb, one group, one resource, one name; each is covered by a single other rule or by none.</summary>
    public IEnumerable<PolicyRule> Pieces() =>
        from verb in Verbs
        from piece in Urls.Select(u => new PolicyRule([verb], [], [], [], [u])).Concat(
            from g in Groups
            from resource in Resources
            from name in Names.DefaultIfEmpty()
            select new PolicyRule([verb], [g], [resource], name is null ? [] : [name], []))
        select piece;

    public bool Covers(PolicyRule piece) =>
        Has(Verbs, piece.Verbs[0])
        && (piece.Urls.Length > 0
            ? Urls.Any(u => u == "*" || u == piece.Urls[0] || (u.EndsWith('*') && piece.Urls[0].StartsWith(u[..^1], StringComparison.Ordinal)))
            : Has(Groups, piece.Groups[0])
                && (Has(Resources, piece.Resources[0]) || (piece.Resources[0].Split('/') is [_, var sub] && Resources.Contains($"*/{sub}")))
                && (Names.Length == 0 || (piece.Names.Length > 0 && Names.Contains(piece.Names[0]))));

    public override string ToString()
    {
        static string Quoted(string[] items) => $"[{string.Join(" ", items.Select(i => $"\"{i}\""))}]";
        var parts = new List<string>();
        if (Urls.Length > 0)
            parts.Add($"NonResourceURLs:{Quoted(Urls)}");
        if (Groups.Length > 0)
            parts.Add($"APIGroups:{Quoted(Groups)}");
        if (Resources.Length > 0)
            parts.Add($"Resources:{Quoted(Resources)}");
        if (Names.Length > 0)
            parts.Add($"ResourceNames:{Quoted(Names)}");
        parts.Add($"Verbs:{Quoted(Verbs)}");
        return $"{{{string.Join(", ", parts)}}}";
    }
}

/// <summary>
/// Role-based access control. Nothing is allowed that no rule allows. Requests are decided on the roles and bindings as the authorizer knows them, which is
/// <see cref="DevClusterOptions.AuthorizationDelay"/> late; what a role may grant, on those that are stored now.
/// </summary>
internal sealed class Rbac
{
    private const string Group = "rbac.authorization.k8s.io";

    private readonly ObjectStore store;
    private readonly TimeProvider clock;
    private readonly TimeSpan delay;
    private readonly Queue<(long Stored, Roles State)> coming = new();
    private readonly Lock gate = new();
    private Roles known;

    public Rbac(ObjectStore store, TimeProvider clock, TimeSpan delay)
    {
        (this.store, this.clock, this.delay) = (store, clock, delay);
        known = Stored;
        foreach (var resource in new[] { "roles", "clusterroles", "rolebindings", "clusterrolebindings" })
            store.OnCommit($"{Group}/{resource}", (_, _) =>
            {
                lock (gate)
                {
                    TakeUp();
                    coming.Enqueue((clock.GetTimestamp(), Stored));
                }
            });
    }

    private Roles Stored => new(Objects("roles"), Objects("clusterroles"), Objects("rolebindings"), Objects("clusterrolebindings"));

    private Roles Known
    {
        get
        {
            lock (gate)
            {
                TakeUp();
                return known;
            }
        }
    }

    private void TakeUp()
    {
        while (coming.TryPeek(out var next) && clock.GetElapsedTime(next.Stored) >= delay)
            known = coming.Dequeue().State;
    }

    public bool Allows(User user, AccessRequest request) => user.IsMaster || RulesOf(user, request.Namespace).Any(r => r.Allows(request));

    /// <summary>Every rule that holds for the user in the namespace (empty: those that hold everywhere).</summary>
    public IEnumerable<PolicyRule> RulesOf(User user, string ns) => RulesOf(Known, user, ns);

    private static IEnumerable<PolicyRule> RulesOf(Roles roles, User user, string ns)
    {
        if (user.IsMaster)
            yield return new(["*"], ["*"], ["*"], [], []);
        if (user.IsMaster)
            yield return new(["*"], [], [], [], ["*"]);
        foreach (var binding in roles.ClusterBindings.Values)
            if (Names(binding.Value, user, ""))
                foreach (var rule in roles.RulesOf(binding.Value["roleRef"], ""))
                    yield return rule;
        if (ns.Length == 0)
            yield break;
        foreach (var binding in roles.Bindings.Values)
            if (binding.Key.Namespace == ns && Names(binding.Value, user, ns))
                foreach (var rule in roles.RulesOf(binding.Value["roleRef"], ns))
                    yield return rule;
    }

    private Objects Objects(string resource) => store.Snapshot($"{Group}/{resource}").Objects;

    private static bool Names(JsonObject binding, User user, string ns) => binding.ObjectsAt("subjects").Any(s => s.StringAt("kind") switch
    {
        "User" => s.StringAt("name") == user.Name,
        "Group" => user.Groups.Contains(s.StringAt("name")),
        "ServiceAccount" => user.Name == User.ServiceAccountName(s.StringAt("namespace") ?? ns, s.StringAt("name") ?? ""),
        _ => false,
    });

    /// <summary>Refuses a role or binding that grants more than the user holds, unless the user may <c>escalate</c> roles or <c>bind</c> this one.</summary>
    public void RefuseEscalation(Target target, JsonObject o, JsonObject? before, User user)
    {
        var binding = target.Type.Plural.EndsWith("bindings", StringComparison.Ordinal);
        var field = binding ? "roleRef" : "rules";
        if (user.IsMaster || (before is not null && JsonNode.DeepEquals(before[field], o[field]) && JsonNode.DeepEquals(before["subjects"], o["subjects"]) && JsonNode.DeepEquals(before["aggregationRule"], o["aggregationRule"])))
            return;
        var (verb, resource, name) = binding
            ? ("bind", o.StringAt("roleRef", "kind") == "Role" ? "roles" : "clusterroles", o.StringAt("roleRef", "name") ?? "")
            : ("escalate", target.Type.Plural, target.Name);
        if (Allows(user, new(verb, Group, resource, Namespace: target.Namespace, Name: name)))
            return;
        if (binding && resource == "clusterroles" && store.Get(new($"{Group}/clusterroles", "", name)) is null)
            throw StatusException.NotFound(Group, resource, name);
        if (!binding && o["aggregationRule"] is not null)
            throw target.Forbidden("must have cluster-admin privileges to use an aggregationRule");
        var stored = Stored;
        var granted = binding ? stored.RulesOf(o["roleRef"], target.Namespace) : o.ObjectsAt("rules").Select(PolicyRule.Read);
        var held = RulesOf(stored, user, target.Namespace).ToArray();
        var missing = granted.SelectMany(r => r.Pieces()).Where(p => !held.Any(h => h.Covers(p))).ToArray();
        if (missing.Length > 0)
            throw target.Forbidden($"user \"{user.Name}\" (groups=[{string.Join(" ", user.Groups.Select(g => $"\"{g}\""))}]) is attempting to grant RBAC permissions not currently held:\n{string.Join('\n', missing.Select(m => m.ToString()))}");
    }

    /// <summary>All roles and bindings at one moment.</summary>
    private sealed record Roles(Objects Local, Objects Cluster, Objects Bindings, Objects ClusterBindings)
    {
        public IEnumerable<PolicyRule> RulesOf(JsonNode? reference, string ns)
        {
            var name = reference.StringAt("name") ?? "";
            var role = reference.StringAt("kind") == "Role" ? Local.GetValueOrDefault((ns, name)) : Cluster.GetValueOrDefault(("", name));
            return role?.Value.ObjectsAt("rules").Select(PolicyRule.Read) ?? [];
        }
    }
}
