namespace CodeZero.DevCluster.Auth;

/// <summary>Who makes a request.</summary>
internal sealed record User(string Name, string Uid, IReadOnlyList<string> Groups)
{
    public const string Masters = "system:masters";

    /// <summary>The controllers inside this process.</summary>
    public static readonly User System = new("system:kube-controller-manager", "", [Masters, "system:authenticated"]);
    public static readonly User Anonymous = new("system:anonymous", "", ["system:unauthenticated"]);

    public bool IsMaster => Groups.Contains(Masters);

    public static string ServiceAccountName(string ns, string name) => $"system:serviceaccount:{ns}:{name}";

    public static User ServiceAccount(string ns, string name, string uid) =>
        new(ServiceAccountName(ns, name), uid, ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"]);
}
