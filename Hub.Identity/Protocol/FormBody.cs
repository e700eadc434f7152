using System.Buffers;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Reads the body of a protocol request: a form, in UTF-8, and small.</summary>
internal static class FormBody
{
    /// <summary>The largest body read: the parameters with the longest values allowed, and room.</summary>
    public const int MaxBytes = 32 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

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
        if (!IsForm(request))
            return (null, "The body must be application/x-www-form-urlencoded.");
        if (request.QueryString.HasValue)
            return (null, "Parameters belong into the body, not into the address.");
        if (await ReadTextAsync(request, ct) is not { } body)
            return (null, $"The body must be UTF-8 of at most {MaxBytes} bytes.");
        return (OAuthParameters.Parse(body), null);
    }

    /// <summary>Whether the body is said to be a form, of the only kind that the protocol knows.</summary>
    public static bool IsForm(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && string.Equals(type.MediaType, "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);

    private static async Task<string?> ReadTextAsync(HttpRequest request, CancellationToken ct)
    {
        var (buffer, length) = (ArrayPool<byte>.Shared.Rent(MaxBytes + 1), 0);
        try
        {
            length = await request.Body.ReadAtLeastAsync(buffer.AsMemory(..(MaxBytes + 1)), MaxBytes + 1, throwOnEndOfStream: false, ct);
            return length > MaxBytes ? null : Strict.GetString(buffer, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer.AsSpan(0, length)); // it held secrets
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
