using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Architecture.Tests.BadInput;

/// <summary>What a route takes, as far as its description, its page's model or the protocol's specifications tell.</summary>
/// <param name="Template">The address with <c>{name}</c> for what varies in it.</param>
/// <param name="IsOpen">Whether anybody may call it.</param>
/// <param name="IsOfAgents">Whether only agents may.</param>
/// <param name="IsPage">Whether it is for browsers.</param>
/// <param name="Fields">Of its form; null when it takes none.</param>
/// <param name="Json">An acceptable body; null when it takes no JSON.</param>
internal sealed partial record Operation(
    string Method, string Template, bool IsOpen, bool IsOfAgents, bool IsPage, IReadOnlyList<string> Path, IReadOnlyList<string> Query, IReadOnlyList<string> Headers, IReadOnlyList<string>? Fields, JsonNode? Json, string? MediaType)
{
    private static readonly string[] AuthorizationRequest =
    [
        "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "prompt", "max_age", "login_hint", "id_token_hint", "acr_values", "claims", "request",
        "request_uri", "resource", "dpop_jkt", "ui_locales",
    ];

    private static readonly string[] ClientAuthentication = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

    /// <summary>The parameters of the protocol's endpoints, which they read themselves.</summary>
    private static readonly Dictionary<string, string[]> Protocol = new()
    {
        ["GET /connect/authorize"] = AuthorizationRequest,
        ["POST /connect/authorize"] = AuthorizationRequest,
        ["GET /connect/endsession"] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"],
        ["POST /connect/endsession"] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"],
        ["POST /connect/token"] = [.. ClientAuthentication, "grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "resource", "device_code", "subject_token", "subject_token_type"],
        ["POST /connect/par"] = [.. AuthorizationRequest.Union(ClientAuthentication)],
        ["POST /connect/device_authorization"] = [.. ClientAuthentication, "scope", "resource"],
        ["POST /connect/revocation"] = [.. ClientAuthentication, "token", "token_type_hint"],
        ["POST /connect/introspection"] = [.. ClientAuthentication, "token", "token_type_hint"],
        ["GET /connect/userinfo"] = ["access_token"],
        ["POST /connect/userinfo"] = ["access_token"],
    };

    /// <summary>Values that get further than <c>sample</c>.</summary>
    private static readonly Dictionary<string, string> Right = new(StringComparer.OrdinalIgnoreCase)
    {
        ["client_id"] = "bad-input", ["redirect_uri"] = "https%3A%2F%2Fbad-input.example%2Fcb", ["response_type"] = "code", ["response_mode"] = "query", ["scope"] = "openid%20hub", ["code_challenge"] = new('a', 43), ["code_challenge_method"] = "S256",
        ["code_verifier"] = new('a', 43), ["prompt"] = "login", ["max_age"] = "100", ["grant_type"] = "authorization_code", ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ["limit"] = "10", ["wait"] = "0", ["from"] = "2024-01-01T00:00:00Z", ["to"] = "2034-01-01T00:00:00Z", ["finished"] = "true", ["sequence"] = "1", ["version"] = "1.0.0",
        ["Input.Email"] = "somebody%40example.com", ["Input.Password"] = "sturdy-lantern-meadow-42", ["Input.Code"] = "123456", ["decision"] = "allow",
    };

    /// <summary>What makes a right authorization request wrong by being there at all.</summary>
    private static readonly string[] LeftOut = ["client_secret", "client_assertion", "client_assertion_type", "claims", "request", "request_uri", "resource", "dpop_jkt", "id_token_hint", "response_mode", "cursor", "access_token", "acr_values"];

    private readonly byte[]? _body = Json is null ? null : Encoding.UTF8.GetBytes(Json.ToJsonString());

    public string Name => $"{Method} {Template}";

    /// <summary>Everything that the Hub serves by a route.</summary>
    public static async Task<IReadOnlyList<Operation>> FindAllAsync(IEnumerable<RouteEndpoint> endpoints, IServiceProvider services, JsonNode openApi)
    {
        var operations = new List<Operation>();
        foreach (var endpoint in endpoints)
            operations.AddRange(endpoint.Metadata.GetMetadata<PageActionDescriptor>() is { } page
                ? OfPage(endpoint, await services.GetRequiredService<PageLoader>().LoadAsync(page, endpoint.Metadata))
                : (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => OfRoute(endpoint, method, openApi)));
        return operations;
    }

    /// <summary>A right request.</summary>
    public Draft Begin(Asker asker)
    {
        var draft = new Draft { Method = Method, Template = Template };
        foreach (var name in Path)
            draft.Path[name] = asker.Names.GetValueOrDefault(name, "sample");
        draft.Query.AddRange(Query.Except(LeftOut).Select(name => (name, Right.GetValueOrDefault(name, "sample"))));
        if (Fields is not null)
            draft.Form = [.. Fields.Except(LeftOut).Select(name => (name, Right.GetValueOrDefault(name, "sample"))), .. IsPage && asker.Form is { } form ? [("__RequestVerificationToken", form.Field)] : Array.Empty<(string, string)>()];
        (draft.Body, draft.ContentType) = (_body, MediaType);
        draft.Headers.Add(("Accept", IsPage ? "text/html" : "application/json"));
        if (Method is "PUT" or "PATCH")
            draft.Headers.Add(("If-Match", "*"));
        return draft;
    }

    private static Operation OfRoute(RouteEndpoint endpoint, string method, JsonNode openApi)
    {
        var template = TemplateOf(endpoint);
        var described = openApi["paths"]?[template]?[method.ToLowerInvariant()];
        var fields = Protocol.GetValueOrDefault($"{method} {template}");
        var media = described?["requestBody"]?["content"]?.AsObject().Select(content => content.Key).ToList() ?? [];
        return new(method, template, endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null, endpoint.Metadata.GetMetadata<AgentRequirement>() is not null, IsPage: false,
            [.. endpoint.RoutePattern.Parameters.Select(parameter => parameter.Name)], [.. Described("query"), .. method == "GET" ? fields ?? [] : []], Described("header"), method == "POST" ? fields : null,
            media.Contains("application/json") ? new JsonSample(openApi).Of(described!["requestBody"]!["content"]!["application/json"]!["schema"]!) : null, media.Contains("application/json") ? "application/json" : media.LastOrDefault());

        List<string> Described(string place) =>
            [.. (described?["parameters"]?.AsArray() ?? []).Where(parameter => (string)parameter!["in"]! == place).Select(parameter => (string)parameter!["name"]!)];
    }

    private static IEnumerable<Operation> OfPage(RouteEndpoint endpoint, CompiledPageActionDescriptor page) =>
        from handler in page.HandlerMethods
        let method = handler.HttpMethod.ToUpperInvariant()
        let template = TemplateOf(endpoint) + (handler.Name is { Length: > 0 } name ? $"?handler={name}" : "")
        let path = endpoint.RoutePattern.Parameters.Select(parameter => parameter.Name).ToList()
        let bound = page.BoundProperties.Concat(handler.Parameters.Cast<ParameterDescriptor>()).SelectMany(NamesOf).Except(path, StringComparer.OrdinalIgnoreCase).ToList()
        let fields = Protocol.GetValueOrDefault($"{method} {template}") ?? [.. bound]
        select new Operation(method, template, IsOpen: true, IsOfAgents: false, IsPage: true, path, method == "GET" ? fields : [], [], method == "GET" ? null : fields, null, null);

    private static IEnumerable<string> NamesOf(ParameterDescriptor parameter)
    {
        var (name, type) = (parameter.BindingInfo?.BinderModelName ?? parameter.Name, Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType);
        if (type == typeof(CancellationToken) || parameter.BindingInfo?.BindingSource == BindingSource.Services)
            return [];
        return type.Assembly == typeof(string).Assembly || type.IsEnum ? [name] : type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(property => $"{name}.{property.Name}");
    }

    private static string TemplateOf(RouteEndpoint endpoint) => "/" + Constraint().Replace(endpoint.RoutePattern.RawText!, "{$1}").Trim('/');

    [GeneratedRegex(@"\{\*{0,2}(\w+)[^}]*\}")]
    private static partial Regex Constraint();
}

/// <summary>Makes JSON that a schema of the API's description accepts.</summary>
internal sealed class JsonSample(JsonNode openApi)
{
    private const int MaxDepth = 6;

    /// <summary>Values of members with rules that the description does not tell.</summary>
    private static readonly Dictionary<string, string> Right = new()
    {
        ["email"] = "somebody@example.com", ["password"] = "sturdy-lantern-meadow-42", ["app"] = "sample/sample", ["namespace"] = "default", ["edition"] = "stable", ["authenticationMethod"] = "client_secret_basic",
        ["grants"] = "client_credentials", ["redirectUris"] = "https://sample.example/cb", ["postLogoutRedirectUris"] = "https://sample.example/out", ["idTokenAlgorithm"] = "RS256", ["assertionAlgorithm"] = "ES256", ["payloadType"] = "application/json",
        ["payload"] = "e30", ["sig"] = "AAAA", ["thumbprint"] = new('a', 43),
    };

    public JsonNode? Of(JsonNode schema) => Of(schema, "", 0);

    private JsonNode? Of(JsonNode schema, string name, int depth)
    {
        if (schema["$ref"] is { } reference)
            return Of(openApi["components"]!["schemas"]![((string)reference!).Split('/')[^1]]!, name, depth);
        if ((schema["oneOf"] ?? schema["allOf"] ?? schema["anyOf"])?.AsArray() is { Count: > 0 } choices)
            return Of(choices.FirstOrDefault(choice => TypeOf(choice!) != "null") ?? choices[0]!, name, depth);
        if (schema["enum"]?.AsArray() is { Count: > 0 } values)
            return values[0]!.DeepClone();
        return TypeOf(schema) switch
        {
            "object" => depth > MaxDepth ? new JsonObject() : new JsonObject((schema["properties"]?.AsObject() ?? []).Select(member => KeyValuePair.Create(member.Key, Of(member.Value!, member.Key, depth + 1)))),
            "array" => new JsonArray(Of(schema["items"]!, name, depth + 1)),
            "integer" or "number" => (long?)schema["minimum"] ?? 1,
            "boolean" => true,
            "string" => Right.GetValueOrDefault(name) ?? (string?)schema["format"] switch { "uuid" => "0190b3c4-0000-7000-8000-000000000000", "date-time" => "2034-01-01T00:00:00Z", _ => "sample" },
            _ => new JsonObject(),
        };
    }

    private static string? TypeOf(JsonNode schema) => schema["type"] switch
    {
        JsonArray types => (string?)types.FirstOrDefault(type => (string?)type != "null"),
        { } type => (string?)type,
        null => null,
    };
}
