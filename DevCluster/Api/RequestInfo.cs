namespace CodeZero.DevCluster.Api;

/// <summary>What a URL of the API means. Verbs are those of RBAC.</summary>
internal sealed record RequestInfo(string Verb, string Path)
{
    public bool IsResource { get; init; }
    public string Group { get; init; } = "";
    public string Version { get; init; } = "";
    public string Namespace { get; init; } = "";
    public string Resource { get; init; } = "";
    public string Subresource { get; init; } = "";
    public string Name { get; init; } = "";

    /// <summary>Segments beyond the subresource; nothing here serves any.</summary>
    public bool HasMore { get; init; }

    /// <param name="watch">The query asks for a watch.</param>
    public static RequestInfo Parse(string method, string path, bool watch)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, version, rest) = parts switch
        {
            ["api", var v, _, ..] => ("", v, parts[2..]),
            ["apis", var g, var v, _, ..] => (g, v, parts[3..]),
            _ => ("", "", []),
        };
        if (rest.Length == 0)
            return new(method.ToLowerInvariant(), path);

        var ns = "";
        if (rest is ["namespaces", var inNamespace, var what, ..] && what is not ("status" or "finalize"))
        {
            ns = inNamespace;
            rest = rest[2..];
        }
        else if (group.Length == 0 && rest is ["namespaces", var self, ..])
            ns = self;
        var name = rest.Length > 1 ? rest[1] : "";
        return new(VerbOf(method, name.Length > 0, watch), path)
        {
            IsResource = true, Group = group, Version = version, Namespace = ns, Resource = rest[0], Name = name,
            Subresource = rest.Length > 2 ? rest[2] : "", HasMore = rest.Length > 3,
        };
    }

    private static string VerbOf(string method, bool named, bool watch) => method switch
    {
        "GET" or "HEAD" => watch ? "watch" : named ? "get" : "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => named ? "delete" : "deletecollection",
        _ => method.ToLowerInvariant(),
    };
}
