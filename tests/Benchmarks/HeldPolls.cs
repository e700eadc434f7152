using System.Globalization;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.Benchmarks;

/// <summary>
/// What one agent costs the Hub that only waits: the Hub's memory with so many agents, each of a cluster of its own, each with its token and proof, holding the
/// real question for the desired state; less its memory with the same connections idle. The agents are in another process.
/// </summary>
internal static class HeldPolls
{
    /// <summary>The command of the process that holds.</summary>
    public const string ClientCommand = "hold-polls";

    private const int Agents = 2000;
    private const int AtOnce = 16;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubProcess.StartAsync(database);
        using var person = await Person.ArriveAsync(hub.Address, "ada");
        var file = person.Write("agents.json", JsonSerializer.Serialize(await JoinAsync(hub, person)));
        var before = await RestingBytesAsync(hub);

        using var client = Tool.Start(Environment.ProcessPath!, [ClientCommand, file]);
        await ExpectAsync(client.StandardOutput, "connected");
        var connected = await RestingBytesAsync(hub);
        await client.StandardInput.WriteLineAsync("hold");
        await ExpectAsync(client.StandardOutput, "held");
        var held = await RestingBytesAsync(hub);
        client.StandardInput.Close();
        await client.WaitForExitAsync();

        var count = Agents.ToString("N0", CultureInfo.InvariantCulture);
        return
        [
            Figure.OfBytes($"Hub, memory with {count} agents joined, none connected", before),
            Figure.OfBytes($"Hub, memory with {count} polls held", held),
            Figure.OfBytes("memory per held poll", (double)(held - connected) / Agents),
            Figure.OfBytes("memory per held poll, its connection and its caches included", (double)(held - before) / Agents),
        ];
    }

    /// <summary>The other process: connects all agents, then, when told to, has each hold its question until the input ends.</summary>
    public static async Task HoldAsync(string file)
    {
        var agents = JsonSerializer.Deserialize<List<Joined>>(await File.ReadAllTextAsync(file))!.ConvertAll(joined => joined.ToAgent());
        await Parallel.ForEachAsync(agents, Bounded, async (agent, ct) =>
        {
            using var answer = await agent.PollAsync(known: 1, ct: ct);
        });
        Console.WriteLine("connected");
        await Console.In.ReadLineAsync();
        using var end = new CancellationTokenSource();
        var polls = agents.ConvertAll(agent => agent.PollAsync(wait: 50, known: 1, end.Token));
        // A question that is not held is answered at once.
        if (await Task.WhenAny(Task.WhenAny(polls), Task.Delay(TimeSpan.FromSeconds(8))) is Task<Task<HttpResponseMessage>> answered)
            throw new InvalidOperationException($"A poll was answered instead of held: {await await answered}");
        Console.WriteLine("held");
        await Console.In.ReadLineAsync();
        await end.CancelAsync();
    }

    private static ParallelOptions Bounded => new() { MaxDegreeOfParallelism = AtOnce };

    private static async Task<IReadOnlyList<Joined>> JoinAsync(HubProcess hub, Person person)
    {
        var joined = new Joined[Agents];
        await Parallel.ForAsync(0, Agents, Bounded, async (i, ct) =>
        {
            var cluster = await person.Api.Clusters.CreateAsync(person.Organization, string.Create(CultureInfo.InvariantCulture, $"cluster-{i}"), ct);
            var enrolment = await person.Api.Clusters.EnrolAsync(person.Organization, cluster.Id.ToString(), ct: ct);
            joined[i] = new(hub.Address, enrolment.Token, EcPrivateKey.Generate().ToPem());
            using var agent = joined[i].ToAgent();
            using var answer = await agent.EnrolAsync();
            answer.EnsureSuccessStatusCode();
        });
        return joined;
    }

    /// <summary>The least of some seconds: what the garbage collector leaves when it had time.</summary>
    private static async Task<long> RestingBytesAsync(HubProcess hub)
    {
        var least = long.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            least = Math.Min(least, hub.ResidentBytes);
        }
        return least;
    }

    private static async Task ExpectAsync(StreamReader output, string word)
    {
        var said = await output.ReadLineAsync();
        if (said != word)
            throw new InvalidOperationException($"The agents' process said \"{said}\" where \"{word}\" was expected.");
    }

    private sealed record Joined(Uri Hub, string Token, string Key)
    {
        public TestAgent ToAgent() => new(new HttpClient { BaseAddress = Hub, Timeout = TimeSpan.FromMinutes(5) }, EnrolmentToken.Parse(Token).Value) { Key = EcPrivateKey.FromPem(Key).Value };
    }
}
