using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Platform.Tests.Probe;

public sealed record NewThing([Required, StringLength(20, MinimumLength = 1)] string Name, ThingSize? Size = null);

public sealed record ThingSize([Range(1, 9)] int WidthMetres);

public sealed record ThingResource(Guid Id, string Name, string Secret);

/// <summary>Routes as a module would write them.</summary>
internal static class ProbeRoutes
{
    internal static void MapProbe(this WebApplication app)
    {
        app.MapGet("/probe/forgotten", () => "a route whose author forgot the policy");
        app.MapGet("/probe/me", (ClaimsPrincipal user) => user.FindFirstValue("sub")).RequireAuthorization();
        app.MapGet("/probe/named/{name}", (string name) => name).RequireAuthorization();
        app.MapPost("/probe/me", (ClaimsPrincipal user) => user.FindFirstValue("sub")).RequireAuthorization();
        app.MapGet("/probe/agent", (AgentCaller agent) => agent.Cluster).RequireAgent();
        app.MapGet("/probe/boom", string () => throw new InvalidOperationException("secret detail")).RequireAuthorization();
        app.MapPost("/probe/guess", () => "wrong").AllowAnonymousBecause("A test of limits.").WithAddressLimit("guess", 5);

        var things = app.MapGroup("/probe/{tenant:guid}/things").RequireAuthorization().AddEndpointFilter(EnterAsync).WithUnitOfWork<RouteGroupBuilder, ProbeDb>();
        things.MapPost("/", CreateAsync);
        things.MapGet("/", ListAsync);
        things.MapPut("/{id:guid}", RenameAsync);
        things.MapGet("/{id:guid}", GetAsync);
    }

    private static ValueTask<object?> EnterAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        ((Tenant)context.HttpContext.RequestServices.GetService(typeof(Tenant))!).Enter(Guid.Parse((string)context.HttpContext.GetRouteValue("tenant")!));
        return next(context);
    }

    private static async Task<Results<Created<ThingResource>, ProblemHttpResult>> CreateAsync(Guid tenant, NewThing request, ProbeDb db, Gate gate, HttpResponse response, CancellationToken ct)
    {
        response.Headers.CacheControl = "no-store";
        var thing = new Thing { OrganizationId = tenant, Id = Guid.CreateVersion7(), Name = request.Name };
        db.Add(thing);
        await db.SaveChangesAsync(ct);
        await db.PublishAsync(new ThingHappened(tenant, request.Name, 0), ct);
        await gate.PassAsync(request.Name);
        return request.Name == "refused"
            ? Problems.Conflict("thing.refused", "This name is refused, after it was written.")
            : TypedResults.Created($"/probe/{tenant}/things/{thing.Id}", new ThingResource(thing.Id, thing.Name, "once-" + Guid.CreateVersion7()));
    }

    private static async Task<Ok<Page<string>>> ListAsync([AsParameters] PageRequest page, HttpContext context, ProbeDb db, CancellationToken ct)
    {
        var after = Cursor.DecodeId(page.Cursor) ?? Guid.Empty;
        var rows = await db.Things.Where(thing => thing.Id > after && !thing.Name.StartsWith("handled")).OrderBy(thing => thing.Id).Take(page.Take).ToListAsync(ct);
        return page.Answer(context, rows, thing => thing.Name, thing => Cursor.Of(thing.Id));
    }

    private static async Task<Results<Ok<string>, StatusCodeHttpResult, ProblemHttpResult>> GetAsync(Guid id, HttpContext context, ProbeDb db, CancellationToken ct)
    {
        if (await db.Things.SingleOrDefaultAsync(thing => thing.Id == id, ct) is not { } thing)
            return Problems.NotFound();
        var tag = ETags.OfVersion(thing.Version);
        context.Response.Headers.ETag = tag;
        return ETags.IsKnown(context.Request, tag) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(thing.Name);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RenameAsync(Guid id, NewThing request, HttpContext context, ProbeDb db, Gate gate, CancellationToken ct)
    {
        if (await db.Things.SingleOrDefaultAsync(thing => thing.Id == id, ct) is not { } thing)
            return Problems.NotFound();
        if (ETags.RequireMatch(context.Request, ETags.OfVersion(thing.Version)) is { } refusal)
            return refusal;
        await gate.PassAsync(request.Name);
        thing.Name = request.Name;
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }
}

/// <summary>Holds a handler until the test lets it go on.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The name that is held; others pass.</summary>
    internal string? Held { get; set; }

    internal Task Arrived => _arrived.Task.WaitAsync(TimeSpan.FromMinutes(1));

    internal void Open() => _open.TrySetResult();

    internal Task PassAsync(string name)
    {
        if (name != Held)
            return Task.CompletedTask;
        _arrived.TrySetResult();
        return _open.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }
}
