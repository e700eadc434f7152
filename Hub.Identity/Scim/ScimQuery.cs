using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Scim;

/// <summary>What a list is asked for (RFC 7644 §3.4.2). The order is that in which resources were made; <c>sortBy</c> is not supported.</summary>
/// <param name="StartIndex">Of the first resource of the page, from 1.</param>
/// <param name="Count">The most resources on the page, 0 to <see cref="MaxCount"/>.</param>
internal sealed record ScimQuery(ScimFilter? Filter, int StartIndex, int Count, ScimProjection Projection)
{
    /// <summary>The most resources on a page, and what it has when nothing is asked.</summary>
    public const int MaxCount = 200;

    /// <summary>Reads the parameters of a request.</summary>
    public static ScimQuery Read(IQueryCollection query, ScimResourceType type) => new(
        query["filter"].ToString() is { Length: > 0 } filter ? ScimFilterParser.ParseFilter(filter, type) : null,
        Math.Max(1, ReadNumber(query, "startIndex") ?? 1),
        Math.Clamp(ReadNumber(query, "count") ?? MaxCount, 0, MaxCount),
        ReadProjection(query, type));

    /// <summary>Reads which attributes are asked for.</summary>
    public static ScimProjection ReadProjection(IQueryCollection query, ScimResourceType type) => ScimProjection.Parse(query["attributes"], query["excludedAttributes"], type);

    private static int? ReadNumber(IQueryCollection query, string name) => query[name].ToString() switch
    {
        "" => null,
        var text when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw ScimException.InvalidValue($"'{name}' is a whole number."),
    };
}
