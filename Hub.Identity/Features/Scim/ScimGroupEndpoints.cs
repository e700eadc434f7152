using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Scim;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>/scim/v2/{org}/Groups (RFC 7644 §3): what each method means is <see cref="ScimGroups"/>' to say. One file, because SCIM gives all resources the same six.</summary>
internal static class ScimGroupEndpoints
{
    public static async Task<ScimAnswer> List(HttpRequest request, ScimGroups groups, CancellationToken ct)
    {
        var query = ScimQuery.Read(request.Query, ScimSchemas.Group);
        return ScimAnswer.Of(await groups.ListAsync(query, ct), query, ScimSchemas.Group);
    }

    public static Task<ScimAnswer> Get(Guid id, HttpContext http, ScimGroups groups, CancellationToken ct) => AnswerAsync(id, http, groups, StatusCodes.Status200OK, ct);

    public static async Task<ScimAnswer> Create(ScimBody body, HttpContext http, ScimGroups groups, CancellationToken ct) =>
        await AnswerAsync(await groups.CreateAsync(ScimReader.Read(body.Json, ScimSchemas.Group), ct), http, groups, StatusCodes.Status201Created, ct);

    public static async Task<ScimAnswer> Replace(Guid id, ScimBody body, HttpContext http, ScimGroups groups, CancellationToken ct)
    {
        var attributes = ScimReader.Read(body.Json, ScimSchemas.Group);
        await groups.ChangeAsync(id, http.Request.ReadCondition(), _ => attributes, ct);
        return await AnswerAsync(id, http, groups, StatusCodes.Status200OK, ct);
    }

    public static async Task<ScimAnswer> Patch(Guid id, ScimBody body, HttpContext http, ScimGroups groups, CancellationToken ct)
    {
        var message = body.Json;
        await groups.ChangeAsync(id, http.Request.ReadCondition(), present => ScimPatch.Apply(present, message, ScimSchemas.Group), ct);
        return await AnswerAsync(id, http, groups, StatusCodes.Status200OK, ct);
    }

    public static async Task<NoContent> Delete(Guid id, HttpContext http, ScimGroups groups, CancellationToken ct)
    {
        await groups.DeleteAsync(id, http.Request.ReadCondition(), ct);
        return TypedResults.NoContent();
    }

    private static async Task<ScimAnswer> AnswerAsync(Guid id, HttpContext http, ScimGroups groups, int status, CancellationToken ct) =>
        ScimAnswer.Of(http, await groups.GetAsync(id, ScimQuery.ReadProjection(http.Request.Query, ScimSchemas.Group).Includes, ct), ScimSchemas.Group, status);
}
