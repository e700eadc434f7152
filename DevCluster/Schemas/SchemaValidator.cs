using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CodeZero.DevCluster.Api;

namespace CodeZero.DevCluster.Schemas;

/// <summary>Checks an object against its schema.</summary>
internal static class SchemaValidator
{
    private const int MaxErrors = 50;

    /// <summary>The first place where a value has another type than the schema says, or null. Built-in types refuse these while decoding (400).</summary>
    public static string? DecodeError(JsonNode? node, Schema schema, string path = "")
    {
        if (node is null || schema.Type == SchemaType.Any)
            return null;
        if (!HasType(node, schema))
            return $"json: cannot unmarshal {GoName(node)} into Go struct field {path} of type {GoType(schema)}";
        if (node is JsonArray array)
        {
            foreach (var item in array)
                if (DecodeError(item, schema.Item, path) is { } error)
                    return error;
        }
        else if (node is JsonObject o)
        {
            foreach (var (name, value) in o)
                if (schema.Member(name) is { } member && DecodeError(value, member, path.Length == 0 ? $".{name}" : $"{path}.{name}") is { } error)
                    return error;
        }
        else if (schema.Format == "byte" && !IsBase64(node.AsString()!))
            return $"illegal base64 data in {path}";
        else if (schema.Type == SchemaType.Quantity && !Quantity.TryParse(node is JsonValue v && v.GetValueKind() == JsonValueKind.Number ? v.ToJsonString() : node.AsString()!, out _))
            return $"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' in {path}";
        else if (schema.Format == "int32" && node.AsLong() is < int.MinValue or > int.MaxValue)
            return $"json: cannot unmarshal number {node.ToJsonString()} into Go struct field {path} of type int32";
        return null;
    }

    /// <summary>Required fields, allowed values and the limits that custom resources declare.</summary>
    public static List<FieldError> Validate(JsonObject root, Schema schema)
    {
        var errors = new List<FieldError>();
        Validate(root, schema, "", errors);
        return errors;
    }

    private static void Validate(JsonNode? node, Schema schema, string path, List<FieldError> errors)
    {
        if (errors.Count >= MaxErrors)
            return;
        if (node is null)
        {
            if (!schema.Nullable && schema.Type != SchemaType.Any)
                errors.Add(FieldError.TypeInvalid(path, "null", $"{path} in body must be of type {OpenApiType(schema)}: \"null\""));
            return;
        }
        if (!HasType(node, schema))
        {
            errors.Add(FieldError.TypeInvalid(path, GoName(node), $"{path} in body must be of type {OpenApiType(schema)}: \"{GoName(node)}\""));
            return;
        }
        if (node is JsonArray array)
        {
            for (var i = 0; i < array.Count; i++)
                Validate(array[i], schema.Item, $"{path}[{i}]", errors);
            CheckUnique(array, schema, path, errors);
        }
        else if (node is JsonObject o && schema.Type != SchemaType.Any)
        {
            foreach (var (name, field) in schema.Fields)
                if (field.Required && !o.ContainsKey(name))
                    errors.Add(FieldError.Required(Join(path, name)));
            foreach (var (name, value) in o)
            {
                var field = schema.Field(name);
                if (field is { Allowed.Count: > 0 } && value.AsString() is { } text && !field.Allowed.Contains(text))
                    errors.Add(FieldError.NotSupported(Join(path, name), text, field.Allowed.Order(StringComparer.Ordinal)));
                if (schema.Member(name) is { } member)
                    Validate(value, member, schema.Type == SchemaType.Map ? $"{path}[{name}]" : Join(path, name), errors);
            }
        }
        if (schema.Constraints is { } constraints)
            Check(node, constraints, path, errors);
    }

    private static void CheckUnique(JsonArray array, Schema schema, string path, List<FieldError> errors)
    {
        if (schema.ListType == ListType.Atomic)
            return;
        var seen = new HashSet<string>();
        for (var i = 0; i < array.Count; i++)
        {
            var identity = schema.ListType == ListType.Set
                ? array[i]?.ToJsonString() ?? "null"
                : new JsonObject(schema.Keys.Select(k => KeyValuePair.Create(k, (array[i] as JsonObject)?[k]?.DeepClone()))).ToJsonString(JsonText.Relaxed);
            // Built-in lists may hold an env variable or a port twice; only names of containers, volumes and the like must be unique, which the kinds check.
            if (!seen.Add(identity) && schema.Source is not null)
                errors.Add(new("FieldValueDuplicate", $"{path}[{i}]", $"Duplicate value: {identity}"));
        }
    }

    private static void Check(JsonNode node, Constraints c, string path, List<FieldError> errors)
    {
        void Fail(string detail) => errors.Add(FieldError.Invalid(path, node is JsonObject or JsonArray ? (node is JsonObject ? "object" : "array") : node, detail));

        if (c.Enum.Count > 0 && !c.Enum.Any(e => JsonNode.DeepEquals(e, node)))
            errors.Add(FieldError.NotSupported(path, node, c.Enum.Select(e => e.AsString() ?? e?.ToJsonString() ?? "null")));
        if (node.AsDouble() is { } number)
        {
            if (c.Minimum is { } min && (c.ExclusiveMinimum ? number <= min : number < min))
                Fail($"{path} in body should be greater than {(c.ExclusiveMinimum ? "" : "or equal to ")}{Plain(min)}");
            if (c.Maximum is { } max && (c.ExclusiveMaximum ? number >= max : number > max))
                Fail($"{path} in body should be less than {(c.ExclusiveMaximum ? "" : "or equal to ")}{Plain(max)}");
            if (c.MultipleOf is { } step and not 0 && Math.Abs(number / step - Math.Round(number / step)) > 1e-9)
                Fail($"{path} in body should be a multiple of {Plain(step)}");
        }
        if (node.AsString() is { } text)
        {
            var runes = text.EnumerateRunes().Count();
            if (runes < c.MinLength)
                Fail($"{path} in body should be at least {c.MinLength} chars long");
            if (runes > c.MaxLength)
                errors.Add(new("FieldValueTooLong", path, $"Too long: may not be more than {c.MaxLength} bytes"));
            if (c.Pattern is { } pattern && !Matches(pattern, text))
                Fail($"{path} in body should match '{pattern}'");
        }
        if (node is JsonArray array)
        {
            if (array.Count < c.MinItems)
                Fail($"{path} in body should have at least {c.MinItems} items");
            if (array.Count > c.MaxItems)
                errors.Add(new("FieldValueTooMany", path, $"Too many: {array.Count}: must have at most {c.MaxItems} items"));
        }
        if (node is JsonObject o)
        {
            if (o.Count < c.MinProperties)
                Fail($"{path} in body should have at least {c.MinProperties} properties");
            if (o.Count > c.MaxProperties)
                errors.Add(new("FieldValueTooMany", path, $"Too many: {o.Count}: must have at most {c.MaxProperties} items"));
        }
        foreach (var schema in c.AllOf)
            Validate(node, schema, path, errors);
        if (c.AnyOf.Count > 0 && !c.AnyOf.Any(s => Holds(node, s)))
            Fail($"{path} in body must validate at least one schema (anyOf)");
        if (c.OneOf.Count > 0 && c.OneOf.Count(s => Holds(node, s)) != 1)
            Fail($"{path} in body must validate one and only one schema (oneOf)");
        if (c.Not is { } not && Holds(node, not))
            Fail($"{path} in body must not validate the schema (not)");
    }

    private static bool Holds(JsonNode node, Schema schema)
    {
        var errors = new List<FieldError>();
        Validate(node, schema, "", errors);
        return errors.Count == 0;
    }

    private static bool Matches(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static bool HasType(JsonNode node, Schema schema) => schema.Type switch
    {
        SchemaType.Object or SchemaType.Map => node is JsonObject,
        SchemaType.List => node is JsonArray,
        SchemaType.String => node.AsString() is not null,
        SchemaType.Integer => node.AsDouble() is { } d && d == Math.Truncate(d),
        SchemaType.Number => node.AsDouble() is not null,
        SchemaType.Boolean => node.AsOptionalBool() is not null,
        SchemaType.IntOrString => node.AsString() is not null || (node.AsDouble() is { } d && d == Math.Truncate(d)),
        SchemaType.Quantity => node.AsString() is not null || node.AsDouble() is not null,
        _ => true,
    };

    private static string GoName(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        _ => "bool",
    };

    private static string GoType(Schema schema) => schema.Type switch
    {
        SchemaType.Object => schema.Name is { } name ? string.Join('.', name.Split('.')[^2..]) : "struct",
        SchemaType.Map => "map[string]string",
        SchemaType.List => $"[]{GoType(schema.Item)}",
        SchemaType.Boolean => "bool",
        SchemaType.Integer => schema.Format ?? "int64",
        SchemaType.Quantity => "resource.Quantity",
        SchemaType.IntOrString => "intstr.IntOrString",
        _ => "string",
    };

    public static string OpenApiType(Schema schema) => schema.Type switch
    {
        SchemaType.Object or SchemaType.Map => "object",
        SchemaType.List => "array",
        SchemaType.Integer => "integer",
        SchemaType.Number => "number",
        SchemaType.Boolean => "boolean",
        SchemaType.IntOrString => "integer,string",
        _ => "string",
    };

    private static bool IsBase64(string text) => Convert.TryFromBase64String(text, new byte[text.Length * 3 / 4 + 3], out _);

    private static string Plain(double value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
