using System.Globalization;
using CodeZero.Benchmarks;

var benchmarks = new Dictionary<string, Func<Task<IReadOnlyList<Figure>>>>(StringComparer.Ordinal)
{
    ["cold-start"] = ColdStart.RunAsync,
    ["install"] = InstallToHealthy.RunAsync,
    ["polls"] = HeldPolls.RunAsync,
    ["read"] = VersionRead.RunAsync,
    ["tokens"] = TokenIssuance.RunAsync,
    ["validation"] = TokenValidation.RunAsync,
    ["sign-in"] = SignIns.RunAsync,
    ["sessions"] = SessionMemory.RunAsync,
    ["timing"] = SignInTiming.RunAsync,
};

switch (args)
{
    // The other process of a measurement, started by this program itself.
    case [HeldPolls.ClientCommand, var agents]:
        await HeldPolls.HoldAsync(agents);
        return 0;
    case [VersionRead.HelloCommand]:
        await VersionRead.ServeHelloAsync();
        return 0;
    case [TokenValidation.ServeCommand, var issuer]:
        await TokenValidation.ServeAsync(issuer);
        return 0;
    case ["all"]:
        await RunAsync(benchmarks.Keys);
        return 0;
    case [var name] when benchmarks.ContainsKey(name):
        await RunAsync([name]);
        return 0;
    default:
        await Console.Error.WriteLineAsync($"Usage: dotnet run -c Release --project tests/Benchmarks -- all|{string.Join('|', benchmarks.Keys)}\nWhat the figures mean: docs/performance.md");
        return 2;
}

async Task RunAsync(IEnumerable<string> names)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} processors, .NET {Environment.Version}\n"));
    Console.WriteLine("| Figure | Value |\n|---|---:|");
    foreach (var name in names)
        foreach (var figure in await benchmarks[name]())
            Console.WriteLine($"| {figure.Name} | {figure.Value} |");
}
