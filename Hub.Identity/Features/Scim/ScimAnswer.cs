using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Scim;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>An answer in <c>application/scim+json</c>.</summary>
internal sealed class ScimAnswer : IResult, IStatusCodeHttpResult
{
    private readonly JsonObject _body;
    private readonly int _status;

    private ScimAnswer(int status, JsonObject body) => (_status, _body) = (status, body);

    public int? StatusCode => _status;

    /// <summary>A document that the Hub says of itself.</summary>
    public static ScimAnswer Of(JsonObject document) => new(StatusCodes.Status200OK, document);

    /// <summary>A resource, with the attributes that the request asks for.</summary>
    public static ScimAnswer Of(HttpContext http, JsonObject resource, ScimResourceType type, int status = StatusCodes.Status200OK)
    {
        var meta = resource["meta"]!;
        http.Response.Headers.ETag = meta["version"]!.GetValue<string>();
        if (status == StatusCodes.Status201Created)
            http.Response.Headers.Location = meta["location"]!.GetValue<string>();
        return new(status, ScimQuery.ReadProjection(http.Request.Query, type).Apply(resource, type));
    }

    /// <summary>A page of resources (RFC 7644 §3.4.2).</summary>
    public static ScimAnswer Of(ScimPage page, ScimQuery query, ScimResourceType type) => List(page.Resources.Select(resource => query.Projection.Apply(resource, type)), page.Total, page.StartIndex);

    /// <summary>All there is of a kind.</summary>
    public static ScimAnswer Of(IReadOnlyList<JsonObject> documents) => List(documents, documents.Count, 1);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = _status;
        httpContext.Response.ContentType = ScimBody.MediaType;
        await httpContext.Response.WriteAsync(_body.ToJsonString(), Encoding.UTF8, httpContext.RequestAborted);
    }

    private static ScimAnswer List(IEnumerable<JsonObject> resources, int total, int startIndex)
    {
        var items = new JsonArray([.. resources]);
        return new(StatusCodes.Status200OK, new()
        {
            ["schemas"] = new JsonArray(ScimSchemas.ListResponse),
            ["totalResults"] = total,
            ["startIndex"] = startIndex,
            ["itemsPerPage"] = items.Count,
            ["Resources"] = items,
        });
    }
}

/// <summary>Writes every refusal below the SCIM base address as SCIM does (RFC 7644 §3.12), whoever refused: the policy, the limits, or the endpoint.</summary>
internal sealed class ScimErrors(IOptions<ProblemDetailsOptions> options) : IProblemDetailsWriter
{
    private const string TypeMember = "scimType";

    /// <summary>The refusal as all of the Hub hands refusals on.</summary>
    public static ProblemHttpResult Of(ScimException refused) => Problems.Create(refused.Status, "scim.refused", refused.Message, new Dictionary<string, object?> { [TypeMember] = refused.Type });

    public bool CanWrite(ProblemDetailsContext context) => context.HttpContext.Request.Path.StartsWithSegments(ScimAddresses.Root, StringComparison.OrdinalIgnoreCase);

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        options.Value.CustomizeProblemDetails?.Invoke(context);
        var (response, problem) = (context.HttpContext.Response, context.ProblemDetails);
        var error = new JsonObject
        {
            ["schemas"] = new JsonArray(ScimSchemas.ErrorMessage),
            ["status"] = (problem.Status ?? response.StatusCode).ToString(CultureInfo.InvariantCulture),
            ["detail"] = problem.Detail ?? problem.Title,
        };
        problem.Extensions.TryAdd("traceId", Activity.Current?.Id ?? context.HttpContext.TraceIdentifier);
        foreach (var (name, value) in problem.Extensions.Where(member => member.Value is string)) // scimType, or what a refusal of the platform names
            error[name] = (string)value!;
        response.ContentType = ScimBody.MediaType;
        await response.WriteAsync(error.ToJsonString(), Encoding.UTF8, context.HttpContext.RequestAborted);
    }
}

/// <summary>Around every SCIM endpoint, inside its transaction: answers what is refused, and notes that the directory called.</summary>
internal sealed class ScimEndpointFilter(ScimDirectories directories) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            var result = await next(context);
            await directories.NoteCallAsync(context.HttpContext.RequestAborted);
            return result;
        }
        catch (ScimException refused)
        {
            return ScimErrors.Of(refused);
        }
    }
}
