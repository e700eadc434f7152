using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Tests.Probe;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Platform.Tests;

public sealed class TenancyTests(ProbeFixture probe) : IClassFixture<ProbeFixture>
{
    private readonly Guid _mine = Guid.CreateVersion7();
    private readonly Guid _foreign = Guid.CreateVersion7();

    [Fact]
    public async Task A_tenant_sees_its_own_rows_only_even_without_the_filter()
    {
        await AddAsync(_mine, "mine");
        await AddAsync(_foreign, "foreign");

        Assert.Equal(["mine"], await probe.AsTenantAsync(_mine, db => db.Things.IgnoreQueryFilters().Select(thing => thing.Name).ToListAsync()));
    }

    [Fact]
    public async Task Without_a_tenant_there_are_no_rows()
    {
        await AddAsync(_mine, "mine");

        Assert.Empty(await probe.AsTenantAsync(null, db => db.Things.IgnoreQueryFilters().ToListAsync()));
    }

    [Fact]
    public async Task The_setting_ends_with_its_transaction_on_the_same_connection()
    {
        await AddAsync(_mine, "mine");
        await using var connection = new NpgsqlConnection(probe.Database.Application);
        await connection.OpenAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            Assert.Equal(1L, await ScalarAsync(connection, $"select set_config('codezero.organization', '{_mine}', true); select count(*) from probe.things", 1));
            await transaction.CommitAsync();
        }

        Assert.Equal(0L, await ScalarAsync(connection, "select count(*) from probe.things"));
    }

    [Theory]
    [InlineData("insert into probe.things values ('{foreign}', gen_random_uuid(), 'planted')", "42501")]
    [InlineData("update probe.things set organization_id = '{foreign}'", "42501")]
    [InlineData("alter table probe.things no force row level security", "42501")]
    [InlineData("truncate probe.things", "42501")]
    [InlineData("create table probe.mine (id int)", "42501")]
    [InlineData("delete from platform.migrations", "42501")]
    [InlineData("set role hub_owner", "42501")]
    public async Task The_application_role_may_not(string sql, string state)
    {
        await AddAsync(_mine, "mine");

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => probe.AsTenantAsync(_mine, db => db.Database.ExecuteSqlRawAsync(sql.Replace("{foreign}", _foreign.ToString(), StringComparison.Ordinal))));

        Assert.Equal(state, refusal.SqlState);
    }

    [Theory]
    [InlineData("update probe.things set name = 'taken'")]
    [InlineData("delete from probe.things")]
    public async Task Another_tenants_rows_are_out_of_reach(string sql)
    {
        await AddAsync(_foreign, "foreign");

        Assert.Equal(0, await probe.AsTenantAsync(_mine, db => db.Database.ExecuteSqlRawAsync(sql)));
    }

    [Fact]
    public async Task A_scope_never_changes_its_tenant()
    {
        await using var scope = probe.Hub.Services.CreateAsyncScope();
        var tenant = scope.ServiceProvider.GetRequiredService<Tenant>();
        tenant.Enter(_mine);
        tenant.Enter(_mine);

        Assert.Throws<InvalidOperationException>(() => tenant.Enter(_foreign));
    }

    [Fact]
    public async Task Under_a_lock_check_then_act_is_safe()
    {
        var counts = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => probe.AsTenantAsync(_mine, async db =>
        {
            await db.LockAsync($"things:{_mine}", CancellationToken.None);
            var count = await db.Things.CountAsync();
            db.Add(new Thing { OrganizationId = _mine, Id = Guid.CreateVersion7(), Name = $"{i}" });
            await db.SaveChangesAsync();
            return count;
        })));

        Assert.Equal(Enumerable.Range(0, 10), counts.Order());
    }

    private async Task AddAsync(Guid organization, string name) => await probe.AsTenantAsync(organization, async db =>
    {
        db.Add(new Thing { OrganizationId = organization, Id = Guid.CreateVersion7(), Name = name });
        return await db.SaveChangesAsync();
    });

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, int result = 0)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        for (var i = 0; i < result; i++)
            await reader.NextResultAsync();
        await reader.ReadAsync();
        return reader.GetValue(0);
    }
}
