using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Provisioners;

/// <summary>Turns an App into Kubernetes objects. It is pure: it reaches neither cluster nor network, and the same context gives the same objects.</summary>
internal interface IProvisioner
{
    RenderResult Render(RenderContext context);
}

/// <summary>All that rendering may depend on.</summary>
internal sealed record RenderContext
{
    public required AppKey App { get; init; }

    /// <summary>The App's uid, for owner references.</summary>
    public required string Uid { get; init; }

    public required string Edition { get; init; }

    public required EditionSpec Spec { get; init; }

    public required AgentSettings Settings { get; init; }

    /// <summary>Answers to the edition's flow, by prompt name, as texts.</summary>
    public IReadOnlyDictionary<string, string> Answers { get; init; } = new Dictionary<string, string>();

    /// <summary>What the App's ConfigMap and Secret hold now, so that generated values stay.</summary>
    public IReadOnlyDictionary<string, string> ExistingConfigs { get; init; } = new Dictionary<string, string>();

    /// <inheritdoc cref="ExistingConfigs"/>
    public IReadOnlyDictionary<string, string> ExistingSecrets { get; init; } = new Dictionary<string, string>();

    /// <summary>The sizes that the App's claims ask for now, by claim name: a claim never shrinks.</summary>
    public IReadOnlyDictionary<string, Quantity> ExistingClaims { get; init; } = new Dictionary<string, Quantity>();

    /// <summary>Whether the cluster serves the Gateway API's HTTPRoute.</summary>
    public bool ServesHttpRoutes { get; init; }

    /// <summary>Makes a new value; normally <see cref="PasswordGenerator.Generate"/>.</summary>
    public required Func<GenerateOptions, string> Generate { get; init; }

    /// <summary>Names content where others may read the name.</summary>
    public required Fingerprint Fingerprint { get; init; }

    /// <summary>The App's public host: <c>app--namespace.HOST</c>.</summary>
    public string PublicHost => $"{App.Name}--{App.Namespace}.{Settings.Host}";
}

/// <summary>What rendering gave.</summary>
internal sealed record RenderResult
{
    /// <summary>The objects, complete and in no particular order; empty when there are errors.</summary>
    public IReadOnlyList<KubernetesObject> Objects { get; init; } = [];

    /// <summary>Why nothing was rendered.</summary>
    public IReadOnlyList<AppProblem> Errors { get; init; } = [];

    /// <summary>What was left out on purpose, such as a route that the cluster cannot serve, with what to do about it.</summary>
    public IReadOnlyList<AppProblem> Notes { get; init; } = [];

    /// <summary>How long the containers may take to start by their own probes; it is added to the deadline of getting healthy.</summary>
    public TimeSpan StartupBudget { get; init; }

    public static RenderResult Failed(params AppProblem[] errors) => new() { Errors = errors };
}
