using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Platform.Data;

/// <summary>
/// One request, one transaction: begun before the handler, committed after a result below 400, rolled back otherwise. The response is written
/// after the commit, so nobody is told of what was not kept.
/// </summary>
public static class UnitOfWork
{
    /// <summary>Runs the endpoint's handler in a transaction of the module's database.</summary>
    public static TBuilder WithUnitOfWork<TBuilder, TDb>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder where TDb : DbContext =>
        builder.AddEndpointFilter<TBuilder, UnitOfWorkFilter<TDb>>();

    private sealed class UnitOfWorkFilter<TDb> : IEndpointFilter where TDb : DbContext
    {
        public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        {
            var ct = context.HttpContext.RequestAborted;
            var db = context.HttpContext.RequestServices.GetRequiredService<TDb>();
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            try
            {
                var result = await next(context);
                if (Succeeded(result))
                {
                    if (await Idempotency.MarkCarriedOutAsync(context.HttpContext, db, ct) is { } takenOver)
                        return takenOver;
                    await transaction.CommitAsync(CancellationToken.None); // a commit given up half-way would leave nobody knowing
                }
                return result;
            }
            catch (DbUpdateConcurrencyException)
            {
                return Problems.Create(StatusCodes.Status412PreconditionFailed, "precondition_failed",
                    "Somebody changed this resource in the meantime. Read it again, and repeat the change with its new ETag.");
            }
        }

        private static bool Succeeded(object? result) => result switch
        {
            INestedHttpResult nested => Succeeded(nested.Result),
            IStatusCodeHttpResult { StatusCode: >= 400 } => false,
            _ => true,
        };
    }

    /// <summary>Runs work in a transaction outside a request: events, jobs, look-ups.</summary>
    public static async Task<T> InTransactionAsync<TDb, T>(this TDb db, Func<Task<T>> work, CancellationToken ct) where TDb : DbContext
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var result = await work();
        await transaction.CommitAsync(ct);
        return result;
    }
}
