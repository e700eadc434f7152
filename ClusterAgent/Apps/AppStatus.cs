using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>Where an App is, in the words of <c>status.phase</c>.</summary>
internal enum AppPhase
{
    /// <summary>On the way to its first healthy revision.</summary>
    Installing,

    /// <summary>The first install did not get healthy.</summary>
    Error,

    /// <summary>On the way from one healthy revision to the next.</summary>
    Configuring,

    /// <summary>Healthy.</summary>
    Running,

    /// <summary>It was healthy, and now a change failed or something broke.</summary>
    Degraded,

    /// <summary>Being removed.</summary>
    Terminating,
}

/// <summary>One thing that is wrong, for people and programs.</summary>
/// <param name="Code">Stable, such as <c>apply.conflict</c>, <c>policy.privileged</c>, <c>health.ImagePullBackOff</c>.</param>
/// <param name="Object">The object it is about, as <c>Deployment shop/web</c>; empty when about the App.</param>
internal sealed record AppProblem(string Code, string Object, string Message)
{
    public override string ToString() => Object.Length == 0 ? Message : $"{Object}: {Message}";
}

/// <summary>An image that runs, and the digest that the node resolved it to; empty while unknown.</summary>
internal sealed record RunningImage(string Container, string Image, string Digest);

/// <summary>The types of an App's conditions, in the order in which they come to hold.</summary>
internal static class AppConditions
{
    public const string Rendered = "Rendered", Permitted = "Permitted", Routed = "Routed", Applied = "Applied", Healthy = "Healthy";
}

/// <summary>One of an App's conditions.</summary>
/// <param name="Type">One of <see cref="AppConditions"/>.</param>
/// <param name="Holds">Null is "Unknown".</param>
/// <param name="Reason">A problem's code where it does not hold.</param>
internal sealed record AppCondition(string Type, bool? Holds, string Reason, string Message)
{
    public DateTimeOffset Since { get; init; }
}

/// <summary>The status of an App, as it stands in the resource.</summary>
internal sealed record AppStatus
{
    /// <summary>Null before the agent has seen the App.</summary>
    public AppPhase? Phase { get; init; }
    public long ObservedGeneration { get; init; }
    public string? Revision { get; init; }
    public string? HealthyRevision { get; init; }
    public DateTimeOffset? RolloutStartedAt { get; init; }
    public long Drift { get; init; }
    public int ObjectsTotal { get; init; }
    public int ObjectsReady { get; init; }
    public IReadOnlyList<AppProblem> Errors { get; init; } = [];
    public IReadOnlyList<RunningImage> Images { get; init; } = [];
    public IReadOnlyList<AppCondition> Conditions { get; init; } = [];

    public static AppStatus Read(JsonNode? status) => new()
    {
        Phase = Enum.TryParse<AppPhase>(status.Text("phase"), out var phase) ? phase : null,
        ObservedGeneration = status.Number("observedGeneration") ?? 0,
        Revision = status.Text("revision"),
        HealthyRevision = status.Text("healthyRevision"),
        RolloutStartedAt = Time(status.Text("rolloutStartedAt")),
        Drift = status.Number("drift") ?? 0,
        ObjectsTotal = (int)(status.Number("objects", "total") ?? 0),
        ObjectsReady = (int)(status.Number("objects", "ready") ?? 0),
        Errors = [.. status.Objects("errors").Select(item => new AppProblem(item.Text("code") ?? "", item.Text("object") ?? "", item.Text("message") ?? ""))],
        Images = [.. status.Objects("images").Select(item => new RunningImage(item.Text("container") ?? "", item.Text("image") ?? "", item.Text("digest") ?? ""))],
        Conditions = [.. status.Objects("conditions").Select(item => new AppCondition(
            item.Text("type") ?? "", item.Text("status") switch { "True" => true, "False" => false, _ => null }, item.Text("reason") ?? "", item.Text("message") ?? "")
        {
            Since = Time(item.Text("lastTransitionTime")) ?? default,
        })],
    };

    /// <summary>All members, null where there is nothing, so that a merge patch leaves nothing old behind.</summary>
    public JsonObject ToJson() => new()
    {
        ["phase"] = Phase?.ToString(),
        ["observedGeneration"] = ObservedGeneration,
        ["revision"] = Revision,
        ["healthyRevision"] = HealthyRevision,
        ["rolloutStartedAt"] = RolloutStartedAt is { } at ? Text(at) : null,
        ["drift"] = Drift,
        ["objects"] = new JsonObject { ["total"] = ObjectsTotal, ["ready"] = ObjectsReady },
        ["errors"] = Errors.Select(item => new JsonObject { ["code"] = item.Code, ["object"] = item.Object, ["message"] = item.Message }).ToJson(),
        ["images"] = Images.Select(item => new JsonObject { ["container"] = item.Container, ["image"] = item.Image, ["digest"] = item.Digest }).ToJson(),
        ["conditions"] = Conditions.Select(item => new JsonObject
        {
            ["type"] = item.Type,
            ["status"] = item.Holds switch { true => "True", false => "False", null => "Unknown" },
            ["reason"] = item.Reason,
            ["message"] = item.Message,
            ["lastTransitionTime"] = Text(item.Since),
            ["observedGeneration"] = ObservedGeneration,
        }).ToJson(),
    };

    private static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
