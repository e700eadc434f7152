using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Scim;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>/scim/v2/{org}/Users (RFC 7644 §3): what each method means is <see cref="ScimUsers"/>' to say. One file, because SCIM gives all resources the same six.</summary>
internal static class ScimUserEndpoints
{
    public static async Task<ScimAnswer> List(HttpRequest request, ScimUsers users, CancellationToken ct)
    {
        var query = ScimQuery.Read(request.Query, ScimSchemas.User);
        return ScimAnswer.Of(await users.ListAsync(query, ct), query, ScimSchemas.User);
    }

    public static Task<ScimAnswer> Get(Guid id, HttpContext http, ScimUsers users, CancellationToken ct) => AnswerAsync(id, http, users, StatusCodes.Status200OK, ct);

    public static async Task<ScimAnswer> Create(ScimBody body, HttpContext http, ScimUsers users, CancellationToken ct) =>
        await AnswerAsync(await users.CreateAsync(ScimReader.Read(body.Json, ScimSchemas.User), ct), http, users, StatusCodes.Status201Created, ct);

    public static async Task<ScimAnswer> Replace(Guid id, ScimBody body, HttpContext http, ScimUsers users, CancellationToken ct)
    {
        var attributes = ScimReader.Read(body.Json, ScimSchemas.User);
        await users.ChangeAsync(id, http.Request.ReadCondition(), _ => attributes, ct);
        return await AnswerAsync(id, http, users, StatusCodes.Status200OK, ct);
    }

    public static async Task<ScimAnswer> Patch(Guid id, ScimBody body, HttpContext http, ScimUsers users, CancellationToken ct)
    {
        var message = body.Json;
        await users.ChangeAsync(id, http.Request.ReadCondition(), present => ScimPatch.Apply(present, message, ScimSchemas.User), ct);
        return await AnswerAsync(id, http, users, StatusCodes.Status200OK, ct);
    }

    public static async Task<NoContent> Delete(Guid id, HttpContext http, ScimUsers users, CancellationToken ct)
    {
        await users.DeleteAsync(id, http.Request.ReadCondition(), ct);
        return TypedResults.NoContent();
    }

    /// <summary>The condition of a request (RFC 7644 §3.14).</summary>
    public static ScimCondition ReadCondition(this HttpRequest request) => new(request.Headers.IfMatch.Count == 0 ? null : [.. request.GetTypedHeaders().IfMatch]);

    private static async Task<ScimAnswer> AnswerAsync(Guid id, HttpContext http, ScimUsers users, int status, CancellationToken ct) =>
        ScimAnswer.Of(http, await users.GetAsync(id, ScimQuery.ReadProjection(http.Request.Query, ScimSchemas.User).Includes, ct), ScimSchemas.User, status);
}
