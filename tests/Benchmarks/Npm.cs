using CodeZero.EndToEnd.Tests.Harness;

namespace CodeZero.Benchmarks;

/// <summary>Programs of others that are measured beside ours, from npm in the exact versions of the lock file.</summary>
internal static class Npm
{
    /// <summary>A new directory with a script and the packages that it imports; the caller deletes it.</summary>
    /// <param name="program">The folder beside this file with <c>package.json</c>, <c>package-lock.json</c> and the script.</param>
    public static async Task<DirectoryInfo> InstallAsync(string program)
    {
        var directory = Directory.CreateTempSubdirectory("codezero-benchmark-");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, program)))
            File.Copy(file, Path.Combine(directory.FullName, Path.GetFileName(file)));
        (await Tool.RunAsync("npm", ["ci", "--prefix", directory.FullName, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], deadline: TimeSpan.FromMinutes(3))).Succeeded();
        return directory;
    }
}
