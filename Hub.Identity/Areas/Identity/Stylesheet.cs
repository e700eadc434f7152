using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>The one stylesheet of the pages, under an address that names its content, so that it may be kept for ever.</summary>
internal static class Stylesheet
{
    private static readonly byte[] Content = Read();

    public static readonly string Path = $"/assets/identity-{Convert.ToHexStringLower(SHA256.HashData(Content))[..16]}.css";

    public static IResult Serve(HttpContext context)
    {
        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return TypedResults.Bytes(Content, "text/css; charset=utf-8");
    }

    private static byte[] Read()
    {
        using var stream = typeof(Stylesheet).Assembly.GetManifestResourceStream("identity.css")!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
