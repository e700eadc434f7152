using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Platform.Data;

/// <summary>
/// One request, one transaction: committed after a result below 400, rolled back otherwise. The response is written after the commit, so nobody is told of
/// what was not kept.
/// </summary>
public static class UnitOfWork
{
    /// <summary>Runs the endpoint's handler in a transaction of the module's database.</summary>
    public static TBuilder WithUnitOfWork<TBuilder, TDb>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder where TDb : DbContext =>
        builder.WithUnitOfWork<TBuilder, TDb>(beginsAtOnce: true);

    /// <summary>
    /// The same, but the handler begins the transaction, and so holds no connection before it needs one: for work that first computes, reads a slow body or
    /// asks another module, which takes a connection of its own. (Requests that each hold one and wait for a second could wait for each other for ever.)
    /// </summary>
    public static TBuilder WithLateUnitOfWork<TBuilder, TDb>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder where TDb : DbContext =>
        builder.WithUnitOfWork<TBuilder, TDb>(beginsAtOnce: false);

    /// <summary>Runs work in a transaction outside a request: events, jobs, look-ups.</summary>
    public static async Task<T> InTransactionAsync<TDb, T>(this TDb db, Func<Task<T>> work, CancellationToken ct) where TDb : DbContext
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var result = await work();
        await transaction.CommitAsync(ct);
        return result;
    }

    /// <inheritdoc cref="InTransactionAsync{TDb,T}"/>
    public static async Task InTransactionAsync<TDb>(this TDb db, Func<Task> work, CancellationToken ct) where TDb : DbContext
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await work();
        await transaction.CommitAsync(ct);
    }

    private static TBuilder WithUnitOfWork<TBuilder, TDb>(this TBuilder builder, bool beginsAtOnce) where TBuilder : IEndpointConventionBuilder where TDb : DbContext =>
        builder.AddEndpointFilter(async (context, next) =>
        {
            var db = context.HttpContext.RequestServices.GetRequiredService<TDb>();
            if (beginsAtOnce)
                await db.Database.BeginTransactionAsync(context.HttpContext.RequestAborted);
            try
            {
                return await RunAsync(db, context, next);
            }
            finally
            {
                if (db.Database.CurrentTransaction is { } unfinished)
                    await unfinished.DisposeAsync();
            }
        }).WithMetadata(new OneTransaction());

    private static async Task<object?> RunAsync(DbContext db, EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            var result = await next(context);
            if (Succeeded(result) && db.Database.CurrentTransaction is { } transaction)
            {
                if (await Idempotency.MarkCarriedOutAsync(context.HttpContext, db, context.HttpContext.RequestAborted) is { } takenOver)
                    return takenOver;
                await transaction.CommitAsync(CancellationToken.None); // a commit given up half-way would leave nobody knowing
            }
            return result;
        }
        catch (DbUpdateConcurrencyException)
        {
            return ETags.Changed();
        }
    }

    private static bool Succeeded(object? result) => result switch
    {
        INestedHttpResult nested => Succeeded(nested.Result),
        IStatusCodeHttpResult { StatusCode: >= 400 } => false,
        _ => true,
    };
}

/// <summary>On an endpoint whose changes are one transaction, which also notes that the request's <c>Idempotency-Key</c> is used up.</summary>
public sealed record OneTransaction;
