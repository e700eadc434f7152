using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace CodeZero.Hub.Clusters.Data;

/// <summary>An enumeration as the lower-case names that the table's check constraint lists.</summary>
internal sealed class LowerCaseName<TEnum>() : ValueConverter<TEnum, string>(value => Write(value), text => Read(text)) where TEnum : struct, Enum
{
    private static string Write(TEnum value) => value.ToString().ToLowerInvariant();
    private static TEnum Read(string text) => Enum.Parse<TEnum>(text, ignoreCase: true);
}
