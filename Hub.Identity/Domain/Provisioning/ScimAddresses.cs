using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Scim;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Where an organization's directory calls, and what every resource has of that.</summary>
internal sealed class ScimAddresses(IdentityDb db, Tenant tenant, IOptions<HubOptions> hub)
{
    /// <summary>The path below which all SCIM endpoints are, an organization's slug behind it.</summary>
    public const string Root = "/scim/v2";

    private string? _base;

    /// <summary>The base address that a directory is given, without a slash at the end.</summary>
    public async Task<string> BaseAsync(CancellationToken ct) =>
        _base ??= new Uri(hub.Value.PublicUrl!, $"{Root}/{await db.Directory.Where(entry => entry.Id == tenant.OrganizationId).Select(entry => entry.Slug).SingleAsync(ct)}").ToString();

    /// <summary>A resource's attributes with what the Hub adds to each.</summary>
    public static JsonObject Complete(JsonObject attributes, ScimResourceType type, string baseAddress, Guid id, DateTimeOffset createdAt, DateTimeOffset modifiedAt, uint version)
    {
        attributes["schemas"] = new JsonArray(type.Schema);
        if (type.Extension is { } extension && attributes.ContainsKey(extension.Name))
            attributes["schemas"]!.AsArray().Add(extension.Name);
        attributes["id"] = id.ToString();
        attributes["meta"] = new JsonObject
        {
            ["resourceType"] = type.Name,
            ["created"] = Time(createdAt),
            ["lastModified"] = Time(modifiedAt),
            ["location"] = Of(baseAddress, type, id),
            ["version"] = VersionOf(version),
        };
        return attributes;
    }

    public static string Of(string baseAddress, ScimResourceType type, Guid id) => $"{baseAddress}/{type.Endpoint}/{id}";

    /// <summary>The weak entity tag of a row's version.</summary>
    public static string VersionOf(uint version) => string.Create(CultureInfo.InvariantCulture, $"W/\"{version:x}\"");

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
