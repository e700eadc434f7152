namespace CodeZero.Hub.Identity.Domain;

/// <summary>What a browser calls itself, in words for its person. Whatever it says, only words of ours come out.</summary>
internal static class UserAgent
{
    /// <summary>Others' names stand in many: the one that says more comes first.</summary>
    private static readonly (string Mark, string Name)[] Browsers =
    [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("HeadlessChrome/", "Chrome"), ("Safari/", "Safari"),
    ];

    private static readonly (string Mark, string Name)[] Systems =
    [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"), ("Macintosh", "macOS"), ("Linux", "Linux"),
    ];

    /// <summary><c>Firefox on Windows</c>, <c>Safari on iPhone</c>; what is not known is left out.</summary>
    public static string Describe(string? header)
    {
        var (browser, system) = (Find(Browsers, header), Find(Systems, header));
        return system is null ? browser ?? "Unknown browser" : $"{browser ?? "Browser"} on {system}";
    }

    private static string? Find((string Mark, string Name)[] names, string? header) =>
        header is null ? null : Array.Find(names, name => header.Contains(name.Mark, StringComparison.Ordinal)).Name;
}
