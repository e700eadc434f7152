using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>The audit log as a store: what goes in stays in, in order, and shows when somebody was at it.</summary>
public sealed class AuditLogTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task An_entry_says_who_what_and_when_and_continues_the_one_before()
    {
        using var person = await fixture.SignUpAsync();
        await RecordAsync(person, new("thing.changed", "thing", "t-1") { TargetName = "Thing", Before = new { Size = 1 }, After = new { Size = 2, Role = OrganizationRole.Owner } });

        var entries = await ReadAsync(person.OrganizationId);

        Assert.Equal(["organization.created", "thing.changed"], entries.Select(entry => entry.Action));
        Assert.Equal([1, 2], entries.Select(entry => entry.Sequence));
        var entry = entries[1];
        Assert.Equal((AuditActorKind.Person, person.UserId.ToString(), person.Email), (entry.ActorKind, entry.ActorId, entry.ActorName));
        Assert.Equal(("thing", "t-1", "Thing", """{"size":1}""", """{"size":2,"role":"owner"}"""), (entry.TargetType, entry.TargetId, entry.TargetName, entry.Before, entry.After));
        Assert.InRange(entry.OccurredAt, DateTimeOffset.UnixEpoch, TimeProvider.System.GetUtcNow());
        Assert.Equal(entries[0].Hash, entry.PreviousHash);
        Assert.Null((await StateAsync(person.OrganizationId)).Fault);
    }

    [Fact]
    public async Task What_the_hub_does_by_itself_is_its_own_deed()
    {
        using var person = await fixture.SignUpAsync();
        await fixture.Hub.AsTenantAsync(person.OrganizationId, null, async services =>
        {
            await services.GetRequiredService<IAuditLog>().RecordAsync(new("thing.expired", "thing", "t-1"), default);
            return true;
        });

        var entry = (await ReadAsync(person.OrganizationId))[^1];

        Assert.Equal((AuditActorKind.System, null, null), (entry.ActorKind, entry.ActorId, entry.ActorName));
    }

    [Fact]
    public async Task An_entry_of_a_transaction_that_did_not_end_well_never_was_and_leaves_no_gap()
    {
        using var person = await fixture.SignUpAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => fixture.Hub.AsTenantAsync<bool>(person.OrganizationId, person.UserId, async services =>
        {
            await services.GetRequiredService<IAuditLog>().RecordAsync(new("thing.changed", "thing", "lost"), default);
            throw new TimeoutException();
        }));
        await RecordAsync(person, new("thing.changed", "thing", "kept"));

        Assert.Equal(["kept"], (await ReadAsync(person.OrganizationId)).Skip(1).Select(entry => entry.TargetId));
        Assert.Equal((2L, null), await StateOfAsync(person));
    }

    [Fact]
    public async Task Outside_a_transaction_nothing_is_recorded_and_the_mistake_is_told()
    {
        using var person = await fixture.SignUpAsync();
        await using var scope = fixture.Hub.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(person.OrganizationId);
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        await using (await db.Database.BeginTransactionAsync())
            await db.Directory.AnyAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => scope.ServiceProvider.GetRequiredService<IAuditLog>().RecordAsync(new("thing.changed", "thing", "t"), default));
    }

    [Fact]
    public async Task Fifty_writers_at_once_leave_numbers_without_gaps_and_a_chain_that_holds()
    {
        using var person = await fixture.SignUpAsync();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => RecordAsync(person, new("thing.changed", "thing", $"t-{i}"))));

        var entries = await ReadAsync(person.OrganizationId);
        Assert.Equal(Enumerable.Range(1, 51).Select(i => (long)i), entries.Select(entry => entry.Sequence));
        Assert.Equal((51L, null), await StateOfAsync(person));
    }

    [Theory]
    [InlineData("update identity.audit_events set actor_name = 'somebody else' where sequence = 2", "Entry 2 was changed after it was written.")]
    [InlineData("update identity.audit_events set after = '{\"role\":\"admin\"}' where sequence = 3", "Entry 3 was changed after it was written.")]
    [InlineData("update identity.audit_events set target_name = null, target_id = target_id || '1:x' where sequence = 2", "Entry 2 was changed after it was written.")]
    [InlineData("delete from identity.audit_events where sequence = 3", "Entry 3 is missing: after 2 comes 4.")]
    [InlineData("delete from identity.audit_events where sequence = 1", "Entry 1 is missing: after 0 comes 2.")]
    [InlineData("delete from identity.audit_events where sequence = 2; update identity.audit_events set sequence = sequence - 1 where sequence > 2", "Entry 2 does not continue the one before it.")]
    public async Task A_change_a_gap_and_a_new_numbering_each_show(string tampering, string fault)
    {
        using var person = await fixture.SignUpAsync();
        for (var i = 2; i <= 4; i++)
            await RecordAsync(person, new("thing.changed", "thing", $"t-{i}") { TargetName = "name", After = new { role = "viewer" } });
        Assert.Null((await StateAsync(person.OrganizationId)).Fault);

        // As a superuser who puts the trigger aside.
        await ExecuteAsync(fixture.Database.Superuser, "set session_replication_role = replica; " + string.Join("; ", tampering.Split("; ").Select(statement => statement + $" and organization_id = '{person.OrganizationId}'")));

        Assert.Equal(fault, (await StateAsync(person.OrganizationId)).Fault);
    }

    [Theory]
    [InlineData("update identity.audit_events set actor_name = 'nobody'")]
    [InlineData("delete from identity.audit_events")]
    [InlineData("truncate identity.audit_events")]
    public async Task Neither_the_servers_role_nor_the_owner_can_change_an_entry(string statement)
    {
        using var person = await fixture.SignUpAsync();
        var set = $"set codezero.organization = '{person.OrganizationId}'; ";

        foreach (var role in new[] { fixture.Database.Application, fixture.Database.Owner })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(role, set + statement));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
        Assert.Null((await StateAsync(person.OrganizationId)).Fault);
    }

    [Fact]
    public async Task Another_organizations_entries_are_not_there()
    {
        using var person = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();

        var seen = await fixture.Hub.AsTenantAsync(stranger.OrganizationId, stranger.UserId, services =>
            services.GetRequiredService<IdentityDb>().AuditEvents.IgnoreQueryFilters().CountAsync(entry => entry.OrganizationId == person.OrganizationId));

        Assert.Equal(0, seen);
        Assert.NotEmpty(await ReadAsync(person.OrganizationId));
    }

    private Task<bool> RecordAsync(TestPerson person, AuditEvent happened) => fixture.Hub.AsTenantAsync(person.OrganizationId, person.UserId, async services =>
    {
        await services.GetRequiredService<IAuditLog>().RecordAsync(happened, default);
        return true;
    });

    private Task<List<AuditRecord>> ReadAsync(Guid organization) => fixture.Hub.AsTenantAsync(organization, null, services =>
        services.GetRequiredService<IdentityDb>().AuditEvents.AsNoTracking().OrderBy(entry => entry.Sequence).ToListAsync());

    private async Task<AuditChainState> StateAsync(Guid organization) =>
        (await ReadAsync(organization)).Aggregate(AuditChainState.Empty, (state, entry) => state.Fault is null ? AuditChain.Continue(state, entry) : state);

    private async Task<(long, string?)> StateOfAsync(TestPerson person) => await StateAsync(person.OrganizationId) is var state ? (state.Entries, state.Fault) : default;

    private static async Task ExecuteAsync(string role, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(role) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
