using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Platform.Web;

/// <summary>A page of a list.</summary>
/// <param name="Items">At most as many as were asked for.</param>
/// <param name="Next">The cursor of the page after this one; null on the last. Opaque.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Which page: <c>?limit=1..100&amp;cursor=</c>. Bind it with <c>[AsParameters]</c>.</summary>
public sealed record PageRequest
{
    public const int MaxLimit = 100;
    private const int DefaultLimit = 50;

    /// <summary>1 to 100; default 50.</summary>
    [FromQuery(Name = "limit"), Range(1, MaxLimit)]
    public int? Limit { get; init; }

    /// <summary>The <c>next</c> of the page before; absent for the first.</summary>
    [FromQuery(Name = "cursor"), StringLength(Web.Cursor.MaxLength)]
    public string? Cursor { get; init; }

    /// <summary>How many rows to read: one more than asked for, which tells whether there is a next page.</summary>
    public int Take => Math.Clamp(Limit ?? DefaultLimit, 1, MaxLimit) + 1;

    /// <summary>The page from the rows read with <see cref="Take"/>, with its <c>Link</c> header (RFC 8288).</summary>
    /// <param name="key">The key parts that the list is ordered by, of the last row shown.</param>
    public Ok<Page<TItem>> Answer<TRow, TItem>(HttpContext context, IReadOnlyList<TRow> rows, Func<TRow, TItem> item, Func<TRow, string[]> key)
    {
        var shown = Math.Min(rows.Count, Take - 1);
        var next = rows.Count > shown && shown > 0 ? Web.Cursor.Encode(key(rows[shown - 1])) : null;
        if (next is not null)
            context.Response.Headers.Link = $"<{Address(context.Request, next)}>; rel=\"next\"";
        return TypedResults.Ok(new Page<TItem>([.. rows.Take(shown).Select(item)], next));
    }

    private static string Address(HttpRequest request, string cursor)
    {
        var query = new QueryBuilder(request.Query.Where(pair => !pair.Key.Equals("cursor", StringComparison.OrdinalIgnoreCase))) { { "cursor", cursor } };
        return request.PathBase.Add(request.Path).ToUriComponent() + query.ToQueryString().ToUriComponent();
    }
}

/// <summary>
/// Cursors: the key of the last row seen, as a keyset. Opaque to callers but no secret and not trusted: it only says where to go on, within what the caller may see.
/// </summary>
public static class Cursor
{
    internal const int MaxLength = 1000;
    private const string Version = "1";

    /// <summary>A cursor of the key parts, in the order of the list.</summary>
    public static string Encode(params string[] parts) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes<string[]>([Version, .. parts]));

    /// <summary>The key parts; null for no cursor.</summary>
    /// <exception cref="InvalidCursorException">It is none of ours, or another list's. Answered with 400.</exception>
    public static string[]? Decode(string? cursor, int parts)
    {
        if (string.IsNullOrEmpty(cursor))
            return null;
        try
        {
            if (cursor.Length <= MaxLength && Base64Url.IsValid(cursor)
                && JsonSerializer.Deserialize<string?[]>(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor))) is [Version, .. var values]
                && values.Length == parts && Array.TrueForAll(values, value => value is not null))
                return values!;
        }
        catch (JsonException)
        {
            // refused below
        }
        throw new InvalidCursorException();
    }

    /// <summary>A cursor whose one part is an id, or an id's and a time's.</summary>
    /// <exception cref="InvalidCursorException">It is none of ours. Answered with 400.</exception>
    public static Guid? DecodeId(string? cursor) => Decode(cursor, 1) switch
    {
        null => null,
        [var part] when Guid.TryParseExact(part, "N", out var id) => id,
        _ => throw new InvalidCursorException(),
    };

    /// <summary>A cursor of one id, for lists in the order of creation (UUIDv7).</summary>
    public static string[] Of(Guid id) => [id.ToString("N", CultureInfo.InvariantCulture)];
}

/// <summary>The cursor was not made by this list.</summary>
public sealed class InvalidCursorException() : Exception("This is no cursor of this list. Take 'next' of the page before, or leave it out to start again.");
