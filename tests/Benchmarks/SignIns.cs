using System.Diagnostics;
using System.Globalization;
using CodeZero.Testing;

namespace CodeZero.Benchmarks;

/// <summary>Sign-ins with a password by the page's form, at the cost of a hash that the Hub runs with: how many a machine can bear at once.</summary>
internal static class SignIns
{
    private const int People = 8, AtOnce = 8;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubProcess.StartAsync(database);
        var people = await SignInForm.SignUpAsync(hub.Address, People);
        using var form = await SignInForm.LoadAsync(hub.Address);
        await Task.WhenAll(people.Select(email => form.SendAsync(email, SignInForm.Password)));

        var started = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(people.Take(AtOnce).Select(async email =>
        {
            var count = 0;
            for (; Stopwatch.GetElapsedTime(started) < Duration; count++)
                if (!await form.SendAsync(email, SignInForm.Password))
                    throw new InvalidOperationException($"{email} was not signed in.");
            return count;
        }));
        return [Figure.Of(string.Create(CultureInfo.InvariantCulture, $"sign-ins with a password, {AtOnce} at once ({Duration.TotalSeconds} s)"), counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds, "sign-ins/s")];
    }
}

/// <summary>What the sessions of browsers cost: memory of the Hub, which keeps none, and of the database. Hashes are cheap here, since only sessions are looked at.</summary>
internal static class SessionMemory
{
    private const int Sessions = 10_000, People = 20, AtOnce = 8;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubInstance.StartAsync(database, new Dictionary<string, string?>
        {
            ["Hub:Identity:Limits:SignInsPerMinute"] = "1000000",
            ["Hub:RateLimits:AddressPerMinute"] = "1000000",
        });
        var people = await SignInForm.SignUpAsync(hub.Address, People);
        using var form = await SignInForm.LoadAsync(hub.Address);
        await SignInAsync(form, people, Sessions / 10);

        var (heap, stored) = (GC.GetTotalMemory(forceFullCollection: true), await StoredBytesAsync(database));
        await SignInAsync(form, people, Sessions);
        var (heapAfter, storedAfter) = (GC.GetTotalMemory(forceFullCollection: true), await StoredBytesAsync(database));
        var count = Sessions.ToString("N0", CultureInfo.InvariantCulture);
        return [Figure.OfBytes($"Hub, memory for {count} sessions", heapAfter - heap), Figure.OfBytes($"database, {count} sessions with their indexes", storedAfter - stored)];
    }

    private static Task SignInAsync(SignInForm form, IReadOnlyList<string> people, int times) =>
        Parallel.ForEachAsync(Enumerable.Range(0, times), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) => await form.SendAsync(people[i % people.Count], SignInForm.Password));

    private static async Task<long> StoredBytesAsync(TestDatabase database)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database.Superuser);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand("select pg_total_relation_size('identity.sessions')", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
