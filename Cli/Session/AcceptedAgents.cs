namespace CodeZero.Cli.Session;

/// <summary>
/// Which agent key a person accepted for which cluster, kept where the Hub cannot reach it: answers are sealed only to an agent known from here
/// (or from the command line), never to one the Hub merely names.
/// </summary>
internal sealed class AcceptedAgents(CzctlHome home, Uri hub)
{
    private readonly string _path = Path.Combine(home.Of(hub), "agents.json");

    /// <summary>The thumbprint accepted for a cluster, or null.</summary>
    public string? Find(Guid cluster) => All().GetValueOrDefault(cluster.ToString());

    public void Accept(Guid cluster, string thumbprint)
    {
        var all = All();
        all[cluster.ToString()] = thumbprint;
        CzctlHome.Write(_path, all);
    }

    public void Forget(Guid cluster)
    {
        var all = All();
        if (all.Remove(cluster.ToString()))
            CzctlHome.Write(_path, all);
    }

    private Dictionary<string, string> All() => CzctlHome.Read<Dictionary<string, string>>(_path) ?? [];
}
