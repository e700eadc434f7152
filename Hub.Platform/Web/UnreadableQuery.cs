using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Primitives;

namespace CodeZero.Hub.Platform.Web;

/// <summary>Says which parameters of a query the endpoint could not read, where the framework says no more than 400.</summary>
internal static class UnreadableQuery
{
    /// <summary>By the parameter's name: what it should be. Empty when the query is not to blame.</summary>
    public static Dictionary<string, string[]> Errors(HttpContext context) =>
        (context.GetEndpoint()?.Metadata.GetOrderedMetadata<IParameterBindingMetadata>() ?? [])
        .Where(parameter => parameter.HasTryParse)
        .Select(parameter => (Name: ProblemHandling.CamelCase(parameter.Name), Problem: ProblemOf(context.Request.Query[parameter.Name], parameter.ParameterInfo.ParameterType)))
        .Where(parameter => parameter.Problem is not null)
        .ToDictionary(parameter => parameter.Name, parameter => new[] { parameter.Problem! }, StringComparer.Ordinal);

    private static string? ProblemOf(StringValues given, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return given.Count switch
        {
            0 => null,
            1 when given[0] is "" => null, // the same as none
            1 when type == typeof(int) && !int.TryParse(given, CultureInfo.InvariantCulture, out _) => "Give a whole number of at most 9 digits.",
            1 when type == typeof(long) && !long.TryParse(given, CultureInfo.InvariantCulture, out _) => "Give a whole number of at most 18 digits.",
            1 when type == typeof(DateTimeOffset) && !DateTimeOffset.TryParse(given, CultureInfo.InvariantCulture, out _) => "Give a time such as 2026-01-31T09:00:00Z.",
            1 when type == typeof(bool) && !bool.TryParse(given, out _) => "Give true or false.",
            1 => null,
            _ => $"Give it once; it is here {given.Count} times.",
        };
    }
}
