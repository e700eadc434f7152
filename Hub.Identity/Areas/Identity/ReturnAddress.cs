using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>Where a page may lead after its work: only to this Hub (RFC 9700 §4.11.2).</summary>
internal static class ReturnAddress
{
    /// <summary>A path of ours: one slash first, and nothing that a browser would read as another host, or drop before it does.</summary>
    public static bool IsLocal(string? address) =>
        address is ['/', .., _] or "/" && !(address.Length > 1 && address[1] is '/' or '\\') && !address.Any(character => char.IsControl(character) || character is '\\' or > '~');

    /// <summary>The query that brings a person back to the page of this request.</summary>
    public static string QueryTo(HttpRequest request) =>
        "?returnUrl=" + Uri.EscapeDataString(request.Path.ToUriComponent() + request.QueryString.ToUriComponent());
}
