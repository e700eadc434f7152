using System.Linq.Expressions;
using System.Reflection;
using System.Text;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CodeZero.Hub.Platform.Data;

/// <summary>A row that belongs to one organization. Its table has forced row-level security and a key that starts with the organization.</summary>
public interface ITenantOwned
{
    Guid OrganizationId { get; }
}

/// <summary>A module's DbContext: it names its tenant, which the named filter <c>tenant</c> reads.</summary>
public interface IModuleDb
{
    /// <summary>The tenant of this scope; <see cref="Guid.Empty"/> when there is none, which no row has.</summary>
    Guid CurrentOrganization { get; }
}

/// <summary>The usual base of a module's DbContext.</summary>
public abstract class ModuleDb : DbContext, IModuleDb
{
    private readonly Tenant _tenant;
    private readonly string _schema;

    protected ModuleDb(DbContextOptions options, Tenant tenant, string schema) : base(options)
    {
        (_tenant, _schema) = (tenant, schema);
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Always; // the tenant is set when a transaction begins
        Database.AutoSavepointsEnabled = false; // a transaction is all or nothing: after a failure it can only be rolled back
    }

    public Guid CurrentOrganization => _tenant.OrganizationId ?? Guid.Empty;

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(GetType().Assembly);
        modelBuilder.ApplyHubConventions(this, _schema);
    }
}

/// <summary>How every module uses the database: one data source, one schema each, tenant in every transaction, snake_case names.</summary>
public static class ModuleDatabase
{
    /// <summary>The name of the query filter that keeps other tenants' rows out; the second lock after row-level security.</summary>
    public const string TenantFilter = "tenant";

    /// <summary>Registers a module's DbContext and its SQL migrations (embedded as <c>migrations/NNNN_what.sql</c>).</summary>
    public static IServiceCollection AddModuleDb<TDb>(this IServiceCollection services, string schema) where TDb : DbContext
    {
        services.AddSingleton(MigrationSource.Embedded(schema, typeof(TDb).Assembly));
        services.AddDbContext<TDb>((provider, options) => options
            .UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>())
            // Who asked the database records what became of it, once; a caller's own mistake is no error of the Hub's.
            .ConfigureWarnings(events => events.Log((RelationalEventId.CommandError, LogLevel.Debug), (CoreEventId.QueryIterationFailed, LogLevel.Debug)))
            .AddInterceptors(new TenantInTransaction(provider.GetRequiredService<Tenant>(), provider.GetRequiredService<OpenTransactions>())));
        return services;
    }

    /// <summary>Puts the model into the schema with snake_case names, and the tenant filter on every <see cref="ITenantOwned"/> entity. Call it last.</summary>
    public static void ApplyHubConventions<TDb>(this ModelBuilder modelBuilder, TDb db, string schema) where TDb : DbContext, IModuleDb
    {
        modelBuilder.HasDefaultSchema(schema);
        foreach (var entity in modelBuilder.Model.GetEntityTypes().ToList())
        {
            if (typeof(ITenantOwned).IsAssignableFrom(entity.ClrType) && entity.FindDeclaredQueryFilter(TenantFilter) is null)
                modelBuilder.Entity(entity.ClrType).HasQueryFilter(TenantFilter, OwnedBy(db, entity.ClrType));
            UseSnakeCase(entity);
        }
    }

    private static LambdaExpression OwnedBy(IModuleDb db, Type entity)
    {
        var row = Expression.Parameter(entity, "row");
        var owner = Expression.Property(row, nameof(ITenantOwned.OrganizationId));
        var current = Expression.Property(Expression.Constant(db), db.GetType().GetProperty(nameof(IModuleDb.CurrentOrganization), BindingFlags.Public | BindingFlags.Instance)!);
        return Expression.Lambda(Expression.Equal(owner, current), row);
    }

    /// <summary>A row version is PostgreSQL's own column xmin, which the provider names when the model is finished.</summary>
    private static bool IsRowVersion(IMutableProperty property) => property is { IsConcurrencyToken: true, ValueGenerated: ValueGenerated.OnAddOrUpdate } && property.ClrType == typeof(uint);

    private static void UseSnakeCase(IMutableEntityType entity)
    {
        if (entity.IsMappedToJson())
        {
            entity.SetContainerColumnName(SnakeCase(entity.GetContainerColumnName()!));
            return;
        }
        entity.SetTableName(SnakeCase(entity.GetTableName() ?? entity.ClrType.Name));
        foreach (var property in entity.GetProperties())
            if (!IsRowVersion(property))
                property.SetColumnName(SnakeCase(property.GetColumnName()));
        foreach (var complex in entity.GetComplexProperties())
            if (complex.ComplexType.GetContainerColumnName() is { } container)
                complex.ComplexType.SetContainerColumnName(SnakeCase(container));
        foreach (var key in entity.GetKeys())
            key.SetName(SnakeCase(key.GetName() ?? ""));
        foreach (var foreignKey in entity.GetForeignKeys())
            foreignKey.SetConstraintName(SnakeCase(foreignKey.GetConstraintName() ?? ""));
        foreach (var index in entity.GetIndexes())
            index.SetDatabaseName(SnakeCase(index.GetDatabaseName() ?? ""));
    }

    /// <summary><c>OrganizationId</c> → <c>organization_id</c>; runs of capitals stay one word (<c>JwkURL</c> → <c>jwk_url</c>).</summary>
    public static string SnakeCase(string name)
    {
        var snake = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            var startsWord = char.IsUpper(name[i]) && i > 0 && name[i - 1] != '_'
                && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord)
                snake.Append('_');
            snake.Append(char.ToLowerInvariant(name[i]));
        }
        return snake.ToString();
    }
}
