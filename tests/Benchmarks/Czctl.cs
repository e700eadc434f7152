namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>czctl as it is measured: always the program that people start. It stands in for the file of the same name in the harness, which is shown czctl's internals.</summary>
internal static class Czctl
{
    public static Task<Outcome> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment, string home, bool startsProcess) =>
        Tool.RunAsync("dotnet", [BuiltOutput.Czctl, .. arguments], environment);
}
