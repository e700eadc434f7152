using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Platform.Web;

/// <summary>Entity tags (RFC 9110 §8.8) and the conditions on them (§13). All are strong: they change with every change of the resource.</summary>
public static class ETags
{
    /// <summary>The tag of a row version (xmin).</summary>
    public static string OfVersion(uint version) => string.Create(CultureInfo.InvariantCulture, $"\"{version:x}\"");

    /// <summary>The tag of immutable content.</summary>
    public static string OfDigest(string digest) => $"\"{digest}\"";

    /// <summary>Null when the request's <c>If-Match</c> names the current tag (or <c>*</c>); otherwise 428 when there is none, 412 when it is another.</summary>
    public static ProblemHttpResult? RequireMatch(HttpRequest request, string current)
    {
        if (request.Headers.IfMatch.Count == 0)
            return Problems.Create(StatusCodes.Status428PreconditionRequired, "precondition_required",
                "This change needs If-Match with the resource's ETag, so that nobody's change is overwritten unseen. Read the resource, and send its ETag.");
        return Names(request.Headers.IfMatch, current, strong: true)
            ? null
            : Changed();
    }

    /// <summary>412: the resource is not what the caller has seen.</summary>
    public static ProblemHttpResult Changed() => Problems.Create(StatusCodes.Status412PreconditionFailed, "precondition_failed",
        "Somebody changed this resource in the meantime. Read it again, and repeat the change with its new ETag.");

    /// <summary>Whether the caller has the current one already, by <c>If-None-Match</c>: answer 304.</summary>
    public static bool IsKnown(HttpRequest request, string current) => Names(request.Headers.IfNoneMatch, current, strong: false);

    private static bool Names(IList<string?> header, string current, bool strong)
    {
        var tag = EntityTagHeaderValue.Parse(current);
        return EntityTagHeaderValue.TryParseList([.. header.OfType<string>()], out var named) && named.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(tag, strong));
    }
}
