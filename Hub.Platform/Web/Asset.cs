using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Platform.Web;

/// <summary>
/// A file of the pages that is embedded in an assembly. Its address names its content (<c>/assets/hub-1f2e3d4c5b6a7980.css</c>), so that browsers keep it for ever;
/// the plain address (<c>/assets/hub.css</c>) has the same content for those who cannot know the other, and is asked for again each time (<c>ETag</c>).
/// </summary>
public sealed class Asset
{
    private readonly byte[] _content;
    private readonly string _contentType;
    private readonly EntityTagHeaderValue _entityTag;
    private readonly string _plainAddress;

    private Asset(string name, byte[] content, string contentType)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(content))[..16];
        (_content, _contentType, _entityTag, _plainAddress) = (content, contentType, new($"\"{hash}\""), $"/assets/{name}");
        Address = $"/assets/{Path.GetFileNameWithoutExtension(name)}-{hash}{Path.GetExtension(name)}";
    }

    /// <summary>The Hub's one look, for the pages of every module; <c>docs/pages.md</c> lists what it has.</summary>
    public static Asset Stylesheet { get; } = Embedded(typeof(Asset).Assembly, "hub.css", "text/css; charset=utf-8");

    /// <summary>The address that names the content.</summary>
    public string Address { get; }

    /// <summary>Reads an embedded resource.</summary>
    /// <param name="name">Its logical name, which is the file's name in addresses too.</param>
    /// <exception cref="InvalidOperationException">The assembly has no such resource.</exception>
    public static Asset Embedded(Assembly assembly, string name, string contentType)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{assembly.GetName().Name} embeds no {name}.");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return new(name, memory.ToArray(), contentType);
    }

    /// <summary>Serves the file at both of its addresses.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (address, cacheControl) in new[] { (Address, "public, max-age=31536000, immutable"), (_plainAddress, "no-cache") })
            routes.MapGet(address, (HttpContext context) =>
            {
                context.Response.Headers.CacheControl = cacheControl;
                return TypedResults.Bytes(_content, _contentType, entityTag: _entityTag);
            }).ExcludeFromDescription().AllowAnonymousBecause("Pages need their style before anybody is signed in.");
    }
}
