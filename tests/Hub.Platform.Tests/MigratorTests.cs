using CodeZero.Hub.Platform.Data;
using CodeZero.Testing;
using Npgsql;

namespace CodeZero.Hub.Platform.Tests;

public sealed class MigratorTests
{
    [Fact]
    public async Task A_changed_file_is_refused_and_pending()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await ApplyAsync(owner, "create table m.t (id int)");

        var changed = Migrator("create table m.t (id bigint)");

        var refusal = await Assert.ThrowsAsync<MigrationException>(() => changed.ApplyAsync(owner, TestDatabase.ApplicationRole, CancellationToken.None));
        Assert.Contains("m/0001_t.sql", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["m/0001_t.sql"], await changed.FindPendingAsync(owner, CancellationToken.None));
    }

    [Fact]
    public async Task A_failing_file_leaves_nothing_behind()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        await using var owner = NpgsqlDataSource.Create(database.Owner);

        var refusal = await Assert.ThrowsAsync<MigrationException>(() => ApplyAsync(owner, "create table m.t (id int); create table m.t (id int)"));

        Assert.Contains("already exists", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["m/0001_t.sql"], await ApplyAsync(owner, "create table m.t (id int)"));
    }

    [Fact]
    public async Task Of_ten_migrators_at_once_one_applies()
    {
        await using var database = await TestDatabase.CreateEmptyAsync();
        await using var owner = NpgsqlDataSource.Create(database.Owner);

        var applied = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ApplyAsync(owner, "create table m.t (id int)")));

        Assert.Equal(1, applied.Sum(files => files.Count));
    }

    private static Migrator Migrator(string sql) => new([MigrationSource.Script("m", "0001_t.sql", sql)]);

    private static Task<IReadOnlyList<string>> ApplyAsync(NpgsqlDataSource owner, string sql) =>
        Migrator(sql).ApplyAsync(owner, TestDatabase.ApplicationRole, CancellationToken.None);
}
