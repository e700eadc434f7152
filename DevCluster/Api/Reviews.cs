using System.Text.Json.Nodes;
using CodeZero.DevCluster.Auth;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>Questions that are posted and answered, and not kept: who am I, whose token is this, may they do that.</summary>
internal sealed class Reviews(Rbac rbac, Authenticator authenticator)
{
    public async Task HandleAsync(HttpContext http, RequestInfo info, Target target, User user)
    {
        if (info.Verb != "create" || info.Name.Length > 0)
            throw StatusException.MethodNotAllowed();
        var review = await Http.ReadObjectAsync(http.Request, target.Version.Schema, http.RequestAborted);
        if (SchemaValidator.DecodeError(review, target.Version.Schema) is { } error)
            throw StatusException.BadRequest($"{target.Type.Kind} in version \"{target.Version.Name}\" cannot be handled as a {target.Type.Kind}: {error}");
        var spec = review["spec"];
        review["apiVersion"] = target.ApiVersion;
        review["kind"] = target.Type.Kind;
        review.Ensure("metadata");
        review["status"] = target.Type.Kind switch
        {
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = Describe(user) },
            "TokenReview" => await TokenAsync(spec, http.RequestAborted),
            "SelfSubjectAccessReview" => Access(target, user, spec),
            "SelfSubjectRulesReview" => Rules(user, spec.StringAt("namespace") ?? ""),
            "SubjectAccessReview" => Access(target, Subject(target, spec), spec),
            _ => LocalAccess(target, spec),
        };
        await Http.WriteAsync(http.Response, 201, review, Representation.Of(http.Request).IsYaml);
    }

    private static JsonObject Describe(User user)
    {
        var o = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0)
            o["uid"] = user.Uid;
        o["groups"] = new JsonArray([.. user.Groups.Select(g => (JsonNode)g)]);
        return o;
    }

    private async Task<JsonObject> TokenAsync(JsonNode? spec, CancellationToken ct)
    {
        var audiences = (spec.At("audiences") as JsonArray)?.Select(a => a.AsString() ?? "").ToArray() ?? [];
        var user = await authenticator.FromTokenAsync(spec.StringAt("token") ?? "", audiences, ct);
        if (user is null)
            return new() { ["user"] = new JsonObject(), ["error"] = "[invalid bearer token]" };
        return new()
        {
            ["authenticated"] = true, ["user"] = Describe(user),
            ["audiences"] = new JsonArray([.. (audiences.Length == 0 ? [ServiceAccountTokens.DefaultAudience] : audiences).Select(a => (JsonNode)a)]),
        };
    }

    private static User Subject(Target target, JsonNode? spec)
    {
        var name = spec.StringAt("user") ?? "";
        var groups = (spec.At("groups") as JsonArray)?.Select(g => g.AsString() ?? "").ToArray() ?? [];
        if (name.Length == 0 && groups.Length == 0)
            throw StatusException.Invalid(target.Type.Group, target.Type.Kind, "", [FieldError.Required("spec.user", "at least one of user or group must be specified")]);
        return new(name, "", groups);
    }

    private JsonObject LocalAccess(Target target, JsonNode? spec) =>
        spec.StringAt("resourceAttributes", "namespace") == target.Namespace ? Access(target, Subject(target, spec), spec)
        : throw StatusException.Invalid(target.Type.Group, target.Type.Kind, "", [FieldError.Invalid("spec.resourceAttributes.namespace", spec.StringAt("resourceAttributes", "namespace") ?? "", $"must match metadata.namespace")]);

    private JsonObject Access(Target target, User user, JsonNode? spec)
    {
        string At(string part, string field) => spec.StringAt(part, field) ?? "";
        AccessRequest request;
        if (spec.At("resourceAttributes") is not null)
            request = new(At("resourceAttributes", "verb"), At("resourceAttributes", "group"), At("resourceAttributes", "resource"),
                At("resourceAttributes", "subresource"), At("resourceAttributes", "namespace"), At("resourceAttributes", "name"));
        else if (spec.At("nonResourceAttributes") is not null)
            request = new(At("nonResourceAttributes", "verb"), Path: At("nonResourceAttributes", "path"));
        else
            throw StatusException.Invalid(target.Type.Group, target.Type.Kind, "", [FieldError.Invalid("spec.resourceAttributes", "null", "exactly one of nonResourceAttributes or resourceAttributes must be specified")]);
        var allowed = rbac.Allows(user, request);
        var status = new JsonObject { ["allowed"] = allowed };
        if (!allowed)
            status["reason"] = "";
        return status;
    }

    private JsonObject Rules(User user, string ns)
    {
        static JsonArray Strings(string[] items) => new([.. items.Select(i => (JsonNode)i)]);
        var resources = new JsonArray();
        var urls = new JsonArray();
        foreach (var rule in rbac.RulesOf(user, ns))
        {
            if (rule.Urls.Length > 0)
                urls.Add(new JsonObject { ["verbs"] = Strings(rule.Verbs), ["nonResourceURLs"] = Strings(rule.Urls) });
            if (rule.Resources.Length == 0)
                continue;
            var entry = new JsonObject { ["verbs"] = Strings(rule.Verbs), ["apiGroups"] = Strings(rule.Groups), ["resources"] = Strings(rule.Resources) };
            if (rule.Names.Length > 0)
                entry["resourceNames"] = Strings(rule.Names);
            resources.Add(entry);
        }
        return new() { ["resourceRules"] = resources, ["nonResourceRules"] = urls, ["incomplete"] = false };
    }
}
