using CodeZero.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Architecture.Tests;

/// <summary>What every table owes, as the migrations made it.</summary>
public sealed class DatabaseTests(HubUnderTest hub) : IClassFixture<HubUnderTest>
{
    [Fact]
    public async Task Every_table_with_an_organization_has_forced_row_level_security() => Findings.None(await ReadAsync(hub.Database.Superuser, """
        select c.oid::regclass::text from pg_attribute a join pg_class c on c.oid = a.attrelid
        where a.attname = 'organization_id' and not a.attisdropped and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
        """));

    [Fact]
    public async Task Every_table_with_an_organization_has_a_restrictive_policy_for_every_command() => Findings.None(await ReadAsync(hub.Database.Superuser, """
        select c.oid::regclass::text || ' for ' || command.name from pg_attribute a join pg_class c on c.oid = a.attrelid
        cross join (values ('r', 'select'), ('a', 'insert'), ('w', 'update'), ('d', 'delete')) command (letter, name)
        where a.attname = 'organization_id' and not a.attisdropped and c.relkind in ('r', 'p') and not exists (
            select from pg_policy p where p.polrelid = c.oid and not p.polpermissive and p.polcmd::text in ('*', command.letter)
            and coalesce(pg_get_expr(p.polqual, c.oid), '') || coalesce(pg_get_expr(p.polwithcheck, c.oid), '') like '%current_organization()%')
        """));

    [Fact]
    public async Task The_application_role_is_weak() => Findings.None(await ReadAsync(hub.Database.Superuser, $"""
        select 'is ' || rolname || ' with too much' from pg_roles where rolname = '{TestDatabase.ApplicationRole}' and (rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication)
        union all select 'owns ' || oid::regclass from pg_class where pg_get_userbyid(relowner) = '{TestDatabase.ApplicationRole}'
        union all select 'may truncate ' || oid::regclass from pg_class where relkind in ('r', 'p') and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema') and has_table_privilege('{TestDatabase.ApplicationRole}', oid, 'truncate')
        union all select 'may create in ' || nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' and has_schema_privilege('{TestDatabase.ApplicationRole}', oid, 'create')
        """));

    [Fact]
    public async Task Views_and_functions_do_not_run_as_their_owner() => Findings.None(await ReadAsync(hub.Database.Superuser, """
        select 'view ' || oid::regclass from pg_class where relkind in ('v', 'm') and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema') and not coalesce('security_invoker=true' = any(reloptions), false)
        union all select 'function ' || oid::regprocedure from pg_proc where prosecdef and pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
        """));

    [Fact]
    public async Task No_key_reaches_into_another_modules_schema() => Findings.None(await ReadAsync(hub.Database.Superuser, """
        select f.conname || ' on ' || f.conrelid::regclass from pg_constraint f join pg_class here on here.oid = f.conrelid join pg_class there on there.oid = f.confrelid
        where f.contype = 'f' and here.relnamespace <> there.relnamespace
        """));

    [Fact]
    public async Task The_migrations_make_what_the_models_say()
    {
        Assert.NotEmpty(hub.Databases);
        foreach (var type in hub.Databases)
        {
            await using var scope = hub.Hub.Services.CreateAsyncScope();
            var db = (DbContext)scope.ServiceProvider.GetRequiredService(type);
            await using var model = await TestDatabase.CreateEmptyAsync();
            await ExecuteAsync(model.Superuser, db.Database.GenerateCreateScript());
            var tables = db.Model.GetEntityTypes().Select(entity => $"{entity.GetSchema()}.{entity.GetTableName()}").Distinct().ToArray();

            var (migrated, modelled) = (await DescribeAsync(hub.Database.Superuser, tables), await DescribeAsync(model.Superuser, tables));

            Findings.None(modelled.Except(migrated).Select(what => $"{type.Name}: the model has, the migrations lack: {what}")
                .Concat(migrated.Except(modelled).Select(what => $"{type.Name}: the migrations have, the model lacks: {what}")).Order());
        }
    }

    /// <summary>Columns, keys and indexes of the tables, one a line. Checks, defaults and policies are the migrations' alone.</summary>
    private static async Task<List<string>> DescribeAsync(string database, string[] tables) => await ReadAsync(database, """
        select 'column ' || t.oid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end || case a.attidentity when '' then '' else ' identity' end || case a.attgenerated when '' then '' else ' generated' end
        from unnest($1) name join pg_class t on t.oid = to_regclass(name) join pg_attribute a on a.attrelid = t.oid where a.attnum > 0 and not a.attisdropped
        union all select 'key ' || t.oid::regclass || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
        from unnest($1) name join pg_class t on t.oid = to_regclass(name) join pg_constraint k on k.conrelid = t.oid where k.contype in ('p', 'u', 'f')
        union all select 'index ' || pg_get_indexdef(i.indexrelid)
        from unnest($1) name join pg_class t on t.oid = to_regclass(name) join pg_index i on i.indrelid = t.oid where not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
        """, [tables]);

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<List<string>> ReadAsync(string database, string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return lines;
    }
}
