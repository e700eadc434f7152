using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Tests.Probe;
using CodeZero.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Platform.Tests;

public sealed class MessagingTests(ProbeFixture probe) : IClassFixture<ProbeFixture>
{
    private readonly Guid _tenant = Guid.CreateVersion7();
    private readonly string _name = $"thing-{Guid.CreateVersion7()}";

    [Fact]
    public async Task An_event_reaches_its_handler_as_its_tenant_and_leaves_the_outbox()
    {
        await PublishAsync();

        await Eventually.HoldsAsync(() => probe.Seen.Handled.Contains((_name, _tenant)));
        await Eventually.HoldsAsync(async () => await WaitingAsync() == 0);
    }

    [Fact]
    public async Task What_was_rolled_back_did_not_happen()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => probe.AsTenantAsync<int>(_tenant, async db =>
        {
            await db.PublishAsync(new ThingHappened(_tenant, _name, 0), CancellationToken.None);
            throw new InvalidOperationException("rolled back");
        }));
        var marker = new MessagingTests(probe);
        await marker.PublishAsync();
        await Eventually.HoldsAsync(() => probe.Seen.Handled.Contains((marker._name, marker._tenant)));

        Assert.DoesNotContain(probe.Seen.Handled, seen => seen.Name == _name);
    }

    [Fact]
    public async Task Outside_a_transaction_nothing_can_be_published()
    {
        await using var scope = probe.Hub.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ProbeDb>();

        await Assert.ThrowsAsync<InvalidOperationException>(() => db.PublishAsync(new ThingHappened(_tenant, _name, 0), CancellationToken.None));
    }

    [Fact]
    public async Task A_failed_handler_leaves_nothing_behind_and_is_tried_again()
    {
        await PublishAsync(failFirst: 2);

        await Eventually.HoldsAsync(() => probe.Seen.Handled.Contains((_name, _tenant)));

        Assert.Equal(3, probe.Seen.Attempts[_name]);
        Assert.Equal(1L, await probe.LookAsync<long>("select count(*) from probe.things where name = $1", $"handled {_name}"));
    }

    [Fact]
    public async Task What_fails_for_the_last_time_is_parked_for_a_person()
    {
        await PublishAsync(failFirst: int.MaxValue);
        await Eventually.HoldsAsync(async () => await probe.LookAsync<int>("select attempts from platform.outbox where payload->>'name' = $1", _name) >= 1);

        await probe.LookAsync<object>("update platform.outbox set attempts = $2, next_attempt_at = now() where payload->>'name' = $1", _name, OutboxDispatcher.MaxAttempts - 1);
        await probe.LookAsync<object>("select pg_notify('codezero', 'outbox ')");

        await Eventually.HoldsAsync(async () => await probe.LookAsync<bool>("select parked_at is not null and last_error like '%not yet%' from platform.outbox where payload->>'name' = $1", _name));
    }

    [Fact]
    public async Task A_second_delivery_has_no_second_effect()
    {
        await PublishAsync();
        await Eventually.HoldsAsync(() => probe.Seen.Handled.Contains((_name, _tenant)));
        await Eventually.HoldsAsync(async () => await WaitingAsync() == 0);

        await probe.LookAsync<object>("""
            insert into platform.outbox (id, organization_id, type, payload, occurred_at, next_attempt_at)
            select event_id, $1, 'ThingHappened', jsonb_build_object('organizationId', $1, 'name', $2, 'failFirst', 0), now(), now() from platform.inbox order by handled_at desc limit 1
            """, _tenant, _name);
        await probe.LookAsync<object>("select pg_notify('codezero', 'outbox ')");
        await Eventually.HoldsAsync(async () => await WaitingAsync() == 0);

        Assert.Equal(1, probe.Seen.Attempts[_name]);
    }

    [Fact]
    public async Task Of_many_events_and_two_replicas_each_is_handled_once()
    {
        await using var replica = await probe.StartHubAsync();
        var names = Enumerable.Range(0, 30).Select(i => $"{_name}-{i}").ToList();

        await Task.WhenAll(names.Select(name => probe.AsTenantAsync(_tenant, async db =>
        {
            await db.PublishAsync(new ThingHappened(_tenant, name, 0), CancellationToken.None);
            return 0;
        })));

        await Eventually.HoldsAsync(() => names.TrueForAll(name => probe.Seen.Handled.Contains((name, _tenant))));
        await Eventually.HoldsAsync(async () => await WaitingAsync() == 0);
        Assert.All(names, name => Assert.Equal(1, probe.Seen.Attempts[name]));
    }

    [Fact]
    public async Task Another_tenant_sees_no_event_and_can_publish_none_for_this_one()
    {
        await PublishAsync(failFirst: int.MaxValue);
        var other = Guid.CreateVersion7();

        var seen = await probe.AsTenantAsync(other, db => db.Database.SqlQuery<int>($"select count(*)::int as \"Value\" from platform.outbox").SingleAsync());
        var forged = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => probe.AsTenantAsync(other, async db =>
        {
            await db.PublishAsync(new ThingHappened(_tenant, "forged", 0), CancellationToken.None);
            return 0;
        }));

        Assert.Equal(0, seen);
        Assert.Equal("42501", forged.SqlState);
    }

    [Fact]
    public async Task A_word_reaches_every_replica_after_the_commit()
    {
        await using var replica = await probe.StartHubAsync();
        var heard = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var here = Listen(probe.Hub, heard, "here");
        using var there = Listen(replica, heard, "there");

        await probe.AsTenantAsync<int>(null, async db =>
        {
            await db.NotifyAsync("tests", _name, CancellationToken.None);
            return 0;
        });

        await Eventually.HoldsAsync(() => heard.Contains($"here {_name}") && heard.Contains($"there {_name}"));
    }

    [Fact]
    public async Task After_a_lost_connection_listeners_are_told_to_resynchronize_and_hear_again()
    {
        var heard = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var here = Listen(probe.Hub, heard, "here");

        await probe.LookAsync<object>("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'");

        await Eventually.HoldsAsync(() => heard.Contains("here resynchronize"));
        await probe.LookAsync<object>("select pg_notify('codezero', 'tests again')");
        await Eventually.HoldsAsync(() => heard.Contains("here again"));
    }

    [Fact]
    public async Task After_an_outage_of_the_database_events_go_on_without_a_restart()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var database = await ProbeFixture.CreateDatabaseAsync(server);
        using var log = new RecordingLogs();
        await using var hub = await probe.StartHubAsync(database: database, configure: services => services.AddSingleton<ILoggerProvider>(log));
        await PublishAsync(failFirst: 1, hub);
        await Eventually.HoldsAsync(() => probe.Seen.Attempts.ContainsKey(_name));

        await server.StopAsync();
        await Eventually.HoldsAsync(() => log.Lines.Any(line => line.Text.StartsWith("The outbox cannot reach the database", StringComparison.Ordinal)));
        await server.StartAsync();

        // A sweep, the time a lost connection takes to be noticed, and the back-off of the failed try may come one after the other.
        await Eventually.HoldsAsync(() => probe.Seen.Handled.Contains((_name, _tenant)), TimeSpan.FromMinutes(3));
    }

    private static IDisposable Listen(HubInstance hub, System.Collections.Concurrent.ConcurrentQueue<string> heard, string where) =>
        hub.Services.GetRequiredService<INotifications>().Subscribe("tests", word => heard.Enqueue($"{where} {(word.Resynchronize ? "resynchronize" : word.Payload)}"));

    private async Task PublishAsync(int failFirst = 0, HubInstance? hub = null) => await probe.AsTenantAsync(_tenant, async db =>
    {
        await db.PublishAsync(new ThingHappened(_tenant, _name, failFirst), CancellationToken.None);
        return 0;
    }, hub);

    private async Task<long> WaitingAsync() => await probe.LookAsync<long>("select count(*) from platform.outbox where organization_id = $1", _tenant);
}
