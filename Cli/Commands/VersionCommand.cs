using System.Reflection;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>czctl version</summary>
internal static class VersionCommand
{
    public static CzCommand Create() => new("version", "Print the version of czctl.", ["czctl version --json"], (context, _) =>
    {
        var version = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        context.Terminal.Result(new { version, runtime = Environment.Version.ToString() }, output => output.WriteLine($"czctl {version}"));
        return Task.CompletedTask;
    });
}
