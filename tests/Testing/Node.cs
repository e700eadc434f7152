using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace CodeZero.Testing;

/// <summary>Programs for Node. The Node is the one that the Playwright package brings: of a known version, whatever the machine has.</summary>
public static class Node
{
    private static readonly string Program = Path.Combine(
        typeof(Node).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "Node").Value!, $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}", "node");

    /// <summary>Starts a script whose streams are redirected.</summary>
    /// <param name="directory">Where the script is; the packages it imports are in <c>node_modules</c> there.</param>
    /// <exception cref="FileNotFoundException">There is no Node.</exception>
    public static Process Start(DirectoryInfo directory, string script)
    {
        if (!File.Exists(Program))
            throw new FileNotFoundException($"There is no Node at {Program}. It comes with the package Microsoft.Playwright: run 'dotnet restore', and build again.", Program);
        var start = new ProcessStartInfo(Program, [Path.Combine(directory.FullName, script)])
        {
            WorkingDirectory = directory.FullName, UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
