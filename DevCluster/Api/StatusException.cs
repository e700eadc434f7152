using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Api;

/// <summary>One reason why an object is invalid, worded as the Kubernetes API words it.</summary>
internal sealed record FieldError(string Reason, string Field, string Message)
{
    public static FieldError Required(string field, string detail = "") => new("FieldValueRequired", field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    public static FieldError Invalid(string field, object? value, string detail) => new("FieldValueInvalid", field, $"Invalid value: {Show(value)}: {detail}");

    public static FieldError TypeInvalid(string field, object? value, string detail) => new("FieldValueTypeInvalid", field, $"Invalid value: {Show(value)}: {detail}");

    public static FieldError Forbidden(string field, string detail) => new("FieldValueForbidden", field, $"Forbidden: {detail}");

    public static FieldError Duplicate(string field, object? value) => new("FieldValueDuplicate", field, $"Duplicate value: {Show(value)}");

    public static FieldError NotSupported(string field, object? value, IEnumerable<string> supported) =>
        new("FieldValueNotSupported", field, $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(s => $"\"{s}\""))}");

    private static string Show(object? value) => value switch
    {
        null => "null",
        string s => JsonSerializer.Serialize(s, JsonText.Relaxed),
        JsonNode n => n.ToJsonString(JsonText.Relaxed),
        bool b => b ? "true" : "false",
        IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}

/// <summary>
/// A Kubernetes <c>Status</c> that ends a request. It is an exception, not a result, because it arises deep inside merges, validation and
/// admission, and every caller does the same with it: the pipeline writes it as the response.
/// </summary>
internal sealed class StatusException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code { get; } = code;
    public string Reason { get; } = reason;

    /// <summary>Seconds after which a retry makes sense; also sent as <c>Retry-After</c>.</summary>
    public int? RetryAfterSeconds { get; init; }

    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = Message, ["reason"] = Reason,
        };
        if (details is not null)
            status["details"] = details.DeepClone();
        status["code"] = Code;
        return status;
    }

    public static StatusException BadRequest(string message) => new(400, "BadRequest", message);

    public static StatusException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static StatusException NotFoundPath() => new(404, "NotFound", "the server could not find the requested resource", new());

    public static StatusException NotFound(string group, string plural, string name) =>
        new(404, "NotFound", $"{Qualified(group, plural)} \"{name}\" not found", Details(group, plural, name));

    public static StatusException AlreadyExists(string group, string plural, string name) =>
        new(409, "AlreadyExists", $"{Qualified(group, plural)} \"{name}\" already exists", Details(group, plural, name));

    public static StatusException Conflict(string group, string plural, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(group, plural)} \"{name}\": {why}", Details(group, plural, name));

    public static StatusException Modified(string group, string plural, string name) =>
        Conflict(group, plural, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static StatusException Forbidden(string group, string plural, string name, string why) =>
        new(403, "Forbidden", name.Length == 0 ? $"{Qualified(group, plural)} is forbidden: {why}" : $"{Qualified(group, plural)} \"{name}\" is forbidden: {why}", Details(group, plural, name));

    public static StatusException MethodNotAllowed() => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", new());

    public static StatusException Unsupported(string message) => new(415, "UnsupportedMediaType", message);

    public static StatusException NotAcceptable() =>
        new(406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml");

    public static StatusException TooLarge(long limitBytes) => new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limitBytes}");

    public static StatusException Expired(string message) => new(410, "Expired", message);

    public static StatusException Invalid(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        var texts = errors.Select(e => $"{e.Field}: {e.Message}").ToArray();
        var joined = texts.Length == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        var details = Details(group, kind, name);
        details["causes"] = new JsonArray([.. errors.Select(e => (JsonNode)new JsonObject { ["reason"] = e.Reason, ["message"] = e.Message, ["field"] = e.Field })]);
        return new(422, "Invalid", $"{Qualified(group, kind)} \"{name}\" is invalid: {joined}", details);
    }

    public static string Qualified(string group, string resource) => group.Length == 0 ? resource : $"{resource}.{group}";

    private static JsonObject Details(string group, string kind, string name)
    {
        var details = new JsonObject();
        if (name.Length > 0)
            details["name"] = name;
        if (group.Length > 0)
            details["group"] = group;
        if (kind.Length > 0)
            details["kind"] = kind;
        return details;
    }
}
