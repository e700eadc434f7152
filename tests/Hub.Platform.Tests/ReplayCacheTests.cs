using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tests.Probe;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Platform.Tests;

public sealed class ReplayCacheTests(ProbeFixture probe) : IClassFixture<ProbeFixture>
{
    private static readonly DateTimeOffset Later = new(2090, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private ReplayCache Cache => probe.Hub.Services.GetRequiredService<ReplayCache>();

    [Fact]
    public async Task A_thing_is_used_once_however_many_try_at_once_and_at_however_many_replicas()
    {
        var other = new ReplayCache(probe.Hub.Services.GetRequiredService<NpgsqlDataSource>());
        var ids = Enumerable.Range(0, 300).Select(_ => Guid.CreateVersion7().ToString()).ToList();

        var tries = await Task.WhenAll(
            from id in ids
            from cache in new[] { Cache, other, Cache, other }
            select Task.Run(async () => (Id: id, IsFirst: await cache.TryUseAsync("test", id, Later, default))));

        Assert.All(tries.GroupBy(one => one.Id), same => Assert.Single(same, one => one.IsFirst));
        Assert.False(await Cache.TryUseAsync("test", ids[0], Later, default));
        Assert.True(await Cache.TryUseAsync("another kind", ids[0], Later, default));
    }

    [Fact]
    public async Task Who_stops_waiting_has_used_it_up()
    {
        var id = Guid.CreateVersion7().ToString();
        using var gone = new CancellationTokenSource();
        var first = Cache.TryUseAsync("test", id, Later, gone.Token);
        await gone.CancelAsync();
        await Task.WhenAny(first);

        Assert.False(await Cache.TryUseAsync("test", id, Later, default));
    }

    [Fact]
    public async Task All_who_wait_hear_that_the_database_is_away_and_the_next_ones_ask_again()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Timeout=1");
        var cache = new ReplayCache(nowhere);

        for (var i = 0; i < 2; i++)
            Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(async n => await Record.ExceptionAsync(() => cache.TryUseAsync("test", $"{n}", Later, default)))), e => Assert.IsType<NpgsqlException>(e));
    }
}
