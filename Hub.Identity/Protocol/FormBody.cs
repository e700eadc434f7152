using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Reads the body of a protocol request: a form, in UTF-8, and small.</summary>
internal static class FormBody
{
    /// <summary>The largest body read: the parameters with the longest values allowed, and room.</summary>
    public const int MaxBytes = 32 * 1024;

    /// <summary>The parameters, each at most once (RFC 6749 §3.2); or why not.</summary>
    public static async Task<(OAuthParameters? Form, OAuthError? Error)> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        var (form, fault) = await ReadAnyAsync(request, ct);
        if (form is { IsOverlong: false, FirstRepeated: null })
            return (form, null);
        return (null, OAuthError.InvalidRequest(fault ?? "There are too many parameters, or one comes more than once."));
    }

    /// <summary>The parameters as they come, for endpoints with rules of their own about repeated ones; or why not.</summary>
    public static async Task<(OAuthParameters? Form, string? Fault)> ReadAnyAsync(HttpRequest request, CancellationToken ct)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !string.Equals(type.MediaType, "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return (null, "The body must be application/x-www-form-urlencoded.");
        if (request.QueryString.HasValue)
            return (null, "Parameters belong into the body, not into the address.");
        if (await ReadTextAsync(request, ct) is not { } body)
            return (null, $"The body must be UTF-8 of at most {MaxBytes} bytes.");
        return (OAuthParameters.Parse(body), null);
    }

    private static async Task<string?> ReadTextAsync(HttpRequest request, CancellationToken ct)
    {
        var buffer = new byte[MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        try
        {
            return length > MaxBytes ? null : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
