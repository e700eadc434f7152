namespace CodeZero.AppManifest;

/// <summary>The marketplace's categories.</summary>
public static class Categories
{
    public static IReadOnlyList<string> Business { get; } = ["blockchain", "crm", "comm", "contact-center", "cms", "dms", "e-comm", "e-learning", "human-resources"];

    public static IReadOnlyList<string> Technical { get; } =
        ["analytics", "ai", "dashboards", "databases", "etl", "identity", "integration", "iot", "location", "messaging", "monitoring", "rendering", "reporting", "security", "storage"];

    public static IReadOnlyList<string> Vertical { get; } = ["education", "healthcare", "finance", "manufacturing", "media", "water"];

    public static IReadOnlyList<string> Development { get; } = ["dev-tools", "devops"];

    /// <summary>All 32, lower case.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Business, .. Technical, .. Vertical, .. Development];
}
