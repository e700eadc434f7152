using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Scim;

/// <summary>
/// What a client asked for and SCIM refuses (RFC 7644 §3.12). Thrown wherever it is found, deep inside a filter or a patch as much as in the database; the SCIM endpoints have one
/// filter that answers it, and their transaction goes back.
/// </summary>
/// <param name="type">The <c>scimType</c>; null where the RFC has none.</param>
/// <param name="detail">A sentence for whoever set the client up.</param>
internal sealed class ScimException(int status, string? type, string detail) : Exception(detail)
{
    public int Status { get; } = status;
    public string? Type { get; } = type;

    public static ScimException InvalidSyntax(string detail) => new(StatusCodes.Status400BadRequest, "invalidSyntax", detail);

    public static ScimException InvalidValue(string detail) => new(StatusCodes.Status400BadRequest, "invalidValue", detail);

    /// <param name="position">Of the character, from 0.</param>
    public static ScimException InvalidFilter(int position, string what) => At("invalidFilter", "filter", position, what);

    /// <inheritdoc cref="InvalidFilter"/>
    public static ScimException InvalidPath(int position, string what) => At("invalidPath", "path", position, what);

    public static ScimException NoTarget(string detail) => new(StatusCodes.Status400BadRequest, "noTarget", detail);

    public static ScimException Mutability(string detail) => new(StatusCodes.Status400BadRequest, "mutability", detail);

    public static ScimException TooMany(string detail) => new(StatusCodes.Status400BadRequest, "tooMany", detail);

    public static ScimException Uniqueness(string detail) => new(StatusCodes.Status409Conflict, "uniqueness", detail);

    /// <summary>Right in itself, but not in the present state of things.</summary>
    public static ScimException Conflict(string detail) => new(StatusCodes.Status409Conflict, null, detail);

    public static ScimException NotFound() => new(StatusCodes.Status404NotFound, null, "There is no such resource in this organization's directory. It may have been deleted; create it anew.");

    public static ScimException Changed() =>
        new(StatusCodes.Status412PreconditionFailed, null, "The resource is not the version that If-Match names. Read it again, and repeat the change with its new version.");

    private static ScimException At(string type, string where, int position, string what) =>
        new(StatusCodes.Status400BadRequest, type, string.Create(CultureInfo.InvariantCulture, $"The {where} is wrong at character {position + 1}: {what}."));
}
