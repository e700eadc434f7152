using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Scim;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Turns rows into resources.</summary>
/// <param name="wanted">What of other tables is wanted: for a filter, what it asks of; for an answer, what that has.</param>
internal delegate Task<IReadOnlyList<JsonObject>> ScimDescription<in T>(IReadOnlyList<T> rows, Func<ScimAttribute, bool> wanted, CancellationToken ct);

/// <summary>A page of resources.</summary>
/// <param name="Total">How many there are on all pages.</param>
internal sealed record ScimPage(int Total, int StartIndex, IReadOnlyList<JsonObject> Resources)
{
    /// <summary>The most links between users and groups that are read at once.</summary>
    public const int MaxLinksRead = 50_000;

    private const int ChunkSize = 500;

    /// <summary>Reads a page.</summary>
    /// <param name="rows">The organization's rows in their order, narrowed as far as the filter allows: never more than an organization may have.</param>
    public static async Task<ScimPage> ReadAsync<T>(IQueryable<T> rows, ScimQuery query, ScimDescription<T> describe, CancellationToken ct)
    {
        var (total, page) = query.Filter is { } filter
            ? await FilterAsync(rows, query, filter, describe, ct)
            : (await rows.CountAsync(ct), query.Count == 0 ? [] : await rows.Skip(query.StartIndex - 1).Take(query.Count).ToListAsync(ct));
        return new(total, query.StartIndex, await describe(page, query.Projection.Includes, ct));
    }

    private static async Task<(int Total, List<T> Page)> FilterAsync<T>(IQueryable<T> rows, ScimQuery query, ScimFilter filter, ScimDescription<T> describe, CancellationToken ct)
    {
        var (total, page) = (0, new List<T>());
        foreach (var chunk in (await rows.ToListAsync(ct)).Chunk(ChunkSize))
            foreach (var (row, resource) in chunk.Zip(await describe(chunk, filter.Mentions, ct)))
                if (filter.Matches(resource) && ++total >= query.StartIndex && page.Count < query.Count)
                    page.Add(row);
        return (total, page);
    }
}
