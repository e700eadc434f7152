using System.Runtime.Versioning;

// What is tested here runs on Linux: /proc, bash, PostgreSQL as another user.
[assembly: SupportedOSPlatform("linux")]

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>What this build made, found from where the tests were built to: <c>tests/&lt;project&gt;/bin/&lt;configuration&gt;/&lt;framework&gt;</c>.</summary>
internal static class BuiltOutput
{
    private static readonly DirectoryInfo Own = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    public static string Configuration => Own.Parent!.Name;

    /// <summary>The clone that this is a build of.</summary>
    public static string Root => Own.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    public static string Hub => Program("Hub.Api", "CodeZero.Hub.Api");
    public static string Agent => Program("ClusterAgent", "CodeZero.ClusterAgent");
    public static string Czctl => Program("Cli", "czctl");

    /// <summary>The application that a new user publishes first.</summary>
    public static string Sample => Path.Combine(Root, "samples", "vaultwarden");

    /// <summary>The person at the browser, as a program.</summary>
    public static string Browser => Path.Combine(Root, "infra", "lib", "browser");

    private static string Program(string project, string assembly)
    {
        var path = Path.Combine(Root, project, "bin", Configuration, Own.Name, assembly + ".dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not built. Build the solution in the configuration {Configuration} first.", path);
    }
}
