using System.Text.RegularExpressions;

namespace CodeZero.AppManifest.Yaml;

/// <summary>
/// Tag resolution of plain scalars by the YAML 1.2 core schema (YAML 1.2.2, §10.3.2).
/// <c>yes</c>, <c>on</c>, <c>12:30</c> and <c>2024-01-01</c> are texts here, unlike in YAML 1.1.
/// </summary>
internal static partial class YamlCoreSchema
{
    private const int LongestNumber = 400;

    public static YamlKind Resolve(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => YamlKind.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => YamlKind.Boolean,
        { Length: > LongestNumber } => YamlKind.Text,
        _ when Integer().IsMatch(plain) => YamlKind.WholeNumber,
        _ when Float().IsMatch(plain) => YamlKind.RealNumber,
        _ => YamlKind.Text,
    };

    [GeneratedRegex(@"\A(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\z")]
    private static partial Regex Integer();

    [GeneratedRegex(@"\A(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z")]
    private static partial Regex Float();
}
