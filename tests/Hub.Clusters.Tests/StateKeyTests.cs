using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class StateKeyTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task Keys_follow_one_another_each_vouched_for_by_the_one_before_and_made_known_in_time()
    {
        await using var own = await NewHubAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var keys = NewKeys(own, clock);
        var first = (await keys.SigningAsync(default)).PublicKey;
        var root = new TrustRoot(TrustMode.Hub, [new(first)]);
        Assert.Equal([first], await keys.PublishedAsync(default));

        clock.Advance(StateKey.Life - StateKey.Notice - TimeSpan.FromDays(1));
        await keys.RotateAsync(default);
        Assert.Single(await keys.PublishedAsync(default)); // not yet time

        clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(1));
        await keys.RotateAsync(default);
        await keys.RotateAsync(default); // again: no third
        clock.Advance(TimeSpan.FromMinutes(2));
        var published = await keys.PublishedAsync(default);
        Assert.Equal((2, first), (published.Count, published[0]));
        Assert.Equal(first, (await keys.SigningAsync(default)).PublicKey); // known, but not in use

        clock.Advance(StateKey.Notice);
        var second = (await keys.SigningAsync(default)).PublicKey;
        Assert.Equal(published[1], second);
        Assert.Equal([second], await keys.PublishedAsync(default));
        Assert.Contains(second, StateKeyChain.Trusted(root, (await keys.SuccessionsAsync(default)).Successions, clock.GetUtcNow()));
    }

    [Fact]
    public async Task A_successor_that_comes_late_still_comes_with_notice_and_the_old_key_signs_until_then()
    {
        await using var own = await NewHubAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var keys = NewKeys(own, clock);
        var before = (await keys.SigningAsync(default)).PublicKey;
        clock.Advance(TimeSpan.FromDays(400));

        await keys.RotateAsync(default);
        clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(before, (await keys.SigningAsync(default)).PublicKey);
        clock.Advance(StateKey.Notice);
        Assert.NotEqual(before, (await keys.SigningAsync(default)).PublicKey);
    }

    /// <summary>The first key signs from the moment it was made, by the clock of the replica that made it. One whose clock was behind answered with 500 until then.</summary>
    [Fact]
    public async Task A_replica_whose_clock_is_behind_signs_with_the_first_key_too()
    {
        await using var own = await NewHubAsync();
        var now = TimeProvider.System.GetUtcNow();
        var (first, behind) = (NewKeys(own, new FakeTimeProvider(now)), NewKeys(own, new FakeTimeProvider(now.AddHours(-1))));

        Assert.Equal((await first.SigningAsync(default)).PublicKey, (await behind.SigningAsync(default)).PublicKey);
        Assert.Single(await behind.PublishedAsync(default));
    }

    /// <summary>Whoever signs does so in a transaction: a second connection, when the keys were to be read again, was one too many where all others did the same.</summary>
    [Fact]
    public async Task Signing_asks_the_database_for_nothing_however_long_ago_the_keys_were_read()
    {
        await using var own = await NewHubAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var keys = NewKeys(own, clock);
        var before = (await keys.SigningAsync(default)).PublicKey;
        clock.Advance(TimeSpan.FromHours(1));

        await own.Hub.DisposeAsync(); // and with it every connection

        Assert.Equal(before, (await keys.SigningAsync(default)).PublicKey);
    }

    [Fact]
    public async Task All_replicas_sign_with_the_same_key_and_the_database_holds_no_private_one()
    {
        var signers = await Task.WhenAll(hub.Members.Services.GetRequiredService<IStateKeys>().SigningAsync(default), hub.Agents.Services.GetRequiredService<IStateKeys>().SigningAsync(default));
        Assert.Equal(signers[0].PublicKey, signers[1].PublicKey);
        Assert.Equal(0L, await hub.SqlAsync("select count(*) from clusters.state_keys where position('PRIVATE KEY'::bytea in protected_private_key) > 0"));
    }

    [Fact]
    public async Task Successions_are_published_for_everybody_to_check()
    {
        using var client = hub.Agents.CreateClient();
        Assert.True(StateKeySet.Parse(await client.GetByteArrayAsync(AgentApi.StateKeys)).Accepted);
    }

    /// <summary>A Hub with a database of its own, as keys belong to no tenant.</summary>
    private static async Task<OwnHub> NewHubAsync()
    {
        var database = await TestDatabase.CreateAsync();
        return new(database, await HubInstance.StartAsync(database));
    }

    /// <summary>Keys as a replica would see them at another time.</summary>
    private static StateKeys NewKeys(OwnHub own, TimeProvider clock) =>
        new(own.Hub.Services.GetRequiredService<IServiceScopeFactory>(), own.Hub.Services.GetRequiredService<IDataProtectionProvider>(), clock, NullLogger<StateKeys>.Instance);

    private sealed record OwnHub(TestDatabase Database, HubInstance Hub) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Hub.DisposeAsync();
            await Database.DisposeAsync();
        }
    }
}
