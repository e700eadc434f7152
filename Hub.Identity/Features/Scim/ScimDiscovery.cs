using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Scim;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Features;

/// <summary>/scim/v2/{org}/ServiceProviderConfig, /ResourceTypes and /Schemas (RFC 7644 §4): what there is, from the tables by which it works.</summary>
internal static class ScimDiscovery
{
    private const string CoreSchemas = "urn:ietf:params:scim:schemas:core:2.0:";

    public static async Task<ScimAnswer> Config(HttpRequest request, ScimAddresses addresses, CancellationToken ct)
    {
        RefuseFilter(request);
        return ScimAnswer.Of(new JsonObject
        {
            ["schemas"] = new JsonArray(CoreSchemas + "ServiceProviderConfig"),
            ["patch"] = Supported(true),
            ["bulk"] = new JsonObject { ["supported"] = false, ["maxOperations"] = 0, ["maxPayloadSize"] = 0 },
            ["filter"] = new JsonObject { ["supported"] = true, ["maxResults"] = ScimQuery.MaxCount },
            ["changePassword"] = Supported(false),
            ["sort"] = Supported(false),
            ["etag"] = Supported(true),
            ["authenticationSchemes"] = new JsonArray(new JsonObject
            {
                ["type"] = "oauthbearertoken",
                ["name"] = "Bearer token",
                ["description"] = "A key of the organization, or an access token of a member, with the permission members.provision.",
                ["specUri"] = "https://www.rfc-editor.org/rfc/rfc6750",
            }),
            ["meta"] = Meta("ServiceProviderConfig", $"{await addresses.BaseAsync(ct)}/ServiceProviderConfig"),
        });
    }

    public static async Task<ScimAnswer> ResourceTypes(HttpRequest request, ScimAddresses addresses, CancellationToken ct)
    {
        RefuseFilter(request);
        var address = await addresses.BaseAsync(ct);
        return ScimAnswer.Of([.. ScimSchemas.All.Select(type => Describe(type, address))]);
    }

    public static async Task<ScimAnswer> ResourceType(string name, ScimAddresses addresses, CancellationToken ct) =>
        ScimAnswer.Of(Describe(ScimSchemas.All.FirstOrDefault(type => type.Name == name) ?? throw ScimException.NotFound(), await addresses.BaseAsync(ct)));

    public static async Task<ScimAnswer> Schemas(HttpRequest request, ScimAddresses addresses, CancellationToken ct)
    {
        RefuseFilter(request);
        return ScimAnswer.Of(AllSchemas(await addresses.BaseAsync(ct)));
    }

    public static async Task<ScimAnswer> Schema(string schema, ScimAddresses addresses, CancellationToken ct) =>
        ScimAnswer.Of(AllSchemas(await addresses.BaseAsync(ct)).FirstOrDefault(known => known["id"]!.GetValue<string>() == schema) ?? throw ScimException.NotFound());

    /// <summary>RFC 7644 §4: filters of these are to be refused.</summary>
    private static void RefuseFilter(HttpRequest request)
    {
        if (request.Query.ContainsKey("filter"))
            throw new ScimException(StatusCodes.Status403Forbidden, null, "What the Hub says of itself is not filtered. Leave 'filter' out.");
    }

    private static JsonObject Describe(ScimResourceType type, string address)
    {
        var described = new JsonObject
        {
            ["schemas"] = new JsonArray(CoreSchemas + "ResourceType"),
            ["id"] = type.Name,
            ["name"] = type.Name,
            ["endpoint"] = "/" + type.Endpoint,
            ["description"] = type.Description,
            ["schema"] = type.Schema,
            ["meta"] = Meta("ResourceType", $"{address}/ResourceTypes/{type.Name}"),
        };
        if (type.Extension is { } extension)
            described["schemaExtensions"] = new JsonArray(new JsonObject { ["schema"] = extension.Name, ["required"] = false });
        return described;
    }

    private static List<JsonObject> AllSchemas(string address) =>
    [
        .. ScimSchemas.All.Select(type => Describe(type.Schema, type.Name, type.Description, [ScimSchemas.ExternalId, .. type.Core], address)),
        .. ScimSchemas.All.Select(type => type.Extension).OfType<ScimAttribute>().Select(extension => Describe(extension.Name, "GroupRole", extension.Description, extension.Parts, address)),
    ];

    private static JsonObject Describe(string id, string name, string description, IEnumerable<ScimAttribute> attributes, string address) => new()
    {
        ["schemas"] = new JsonArray(CoreSchemas + "Schema"),
        ["id"] = id,
        ["name"] = name,
        ["description"] = description,
        ["attributes"] = new JsonArray([.. attributes.Select(Describe)]),
        ["meta"] = Meta("Schema", $"{address}/Schemas/{id}"),
    };

    private static JsonObject Describe(ScimAttribute attribute)
    {
        var type = attribute.Type.ToString();
        var described = new JsonObject
        {
            ["name"] = attribute.Name,
            ["type"] = char.ToLowerInvariant(type[0]) + type[1..],
            ["multiValued"] = attribute.IsMultiValued,
            ["description"] = attribute.Description,
            ["required"] = attribute.IsRequired,
            ["mutability"] = attribute.IsReadOnly ? "readOnly" : "readWrite",
            ["returned"] = attribute.Returned == ScimReturned.Always ? "always" : "default",
        };
        if (attribute.Type is ScimType.String or ScimType.Reference)
        {
            described["caseExact"] = attribute.IsCaseExact;
            described["uniqueness"] = attribute.IsUnique ? "server" : "none";
        }
        if (attribute.Choices.Count > 0)
            described["canonicalValues"] = Texts(attribute.Choices);
        if (attribute.ReferenceTypes.Count > 0)
            described["referenceTypes"] = Texts(attribute.ReferenceTypes);
        if (attribute.Parts.Count > 0)
            described["subAttributes"] = new JsonArray([.. attribute.Parts.Select(Describe)]);
        return described;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    private static JsonObject Supported(bool supported) => new() { ["supported"] = supported };

    private static JsonObject Meta(string type, string location) => new() { ["resourceType"] = type, ["location"] = location };
}
