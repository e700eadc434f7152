using System.Security.Cryptography;
using System.Text;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>Names an App: its namespace and its name there.</summary>
internal readonly record struct AppKey(string Namespace, string Name)
{
    public ObjectRef Ref => new(AppResource.ResourceKind, Namespace, Name);

    /// <summary>The value of the label <c>system.codezero.io/id</c> on everything that the App owns.</summary>
    public string Id => AppNames.Fit($"{Namespace}-{Name}");

    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>Labels, annotations and object names that the agent uses.</summary>
internal static class AppNames
{
    /// <summary>The field manager of everything the agent writes.</summary>
    public const string FieldManager = "codezero-agent";

    /// <summary>The service account, and its role binding, through which an App's objects are written.</summary>
    public const string ServiceAccount = "codezero-app";

    public const string Finalizer = "finalizer.app.codezero.io";

    public const string ManagedByLabel = "app.kubernetes.io/managed-by";
    public const string ManagedByValue = "codezero";
    public const string AppLabel = "system.codezero.io/app";
    public const string IdLabel = "system.codezero.io/id";
    public const string EditionLabel = "system.codezero.io/edition";

    /// <summary>Followed by the name of an interface that the App offers to others.</summary>
    public const string InterfaceLabelPrefix = "system.codezero.io/interface-";

    /// <summary>On a claim that outlived its App: that App's name. A later App of the same name takes the claim again.</summary>
    public const string RetainedFromLabel = "system.codezero.io/retained-from";

    public const string InstallAnnotation = "system.codezero.io/install";

    /// <summary>Digest of what was approved: which revision of the install the App is.</summary>
    public const string RevisionAnnotation = "system.codezero.io/revision";
    public const string VersionAnnotation = "system.codezero.io/version";
    public const string ManifestDigestAnnotation = "system.codezero.io/manifest-digest";
    public const string PublisherAnnotation = "system.codezero.io/publisher";
    public const string DisplayAnnotation = "system.codezero.io/display";

    /// <summary>"true" on an object keeps it when the App no longer has it, and when the App goes.</summary>
    public const string PreventDeletionAnnotation = "codezero.io/prevent-deletion";

    /// <summary>The key of <see cref="Answers"/>: a JSON object of texts.</summary>
    public const string AnswersKey = "answers.json";

    private const int MaxLength = 63;
    private const int HashLength = 8;

    public static string Config(string app) => Fit($"{app}-config");

    public static string Secret(string app) => Fit($"{app}-secret");

    public static string Claim(string app, string volume) => Fit($"{app}-{volume}");

    /// <summary>The Secret with the answers to the App's flow, written by the Hub link or by hand.</summary>
    public static string Answers(string app) => Fit($"{app}-answers");

    public static string Inventory(string app) => Fit($"codezero-inventory-{app}");

    /// <summary>The text, or its beginning and a hash of it where it is longer than the 63 characters of a DNS label or label value.</summary>
    public static string Fit(string text) => text.Length <= MaxLength
        ? text
        : $"{text[..(MaxLength - HashLength - 1)].TrimEnd('-')}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..HashLength]}";
}
