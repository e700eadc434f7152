using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CodeZero.Testing;
using Npgsql;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>Everything in a database, read by somebody who may read everything, encodings seen through.</summary>
internal static partial class DatabaseDump
{
    private const int Layers = 3;

    /// <summary>The columns in which the text stands, plainly or below base64.</summary>
    public static async Task<IReadOnlyList<string>> FindAsync(TestDatabase database, string text)
    {
        var found = new List<string>();
        await using var connection = new NpgsqlConnection(database.Superuser);
        await connection.OpenAsync();
        foreach (var table in await TablesAsync(connection))
        {
            await using var command = new NpgsqlCommand($"select * from {table}", connection);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                for (var column = 0; column < reader.FieldCount; column++)
                    if (Holds(Text(reader.GetValue(column)), text, Layers))
                        found.Add($"{table}.{reader.GetName(column)}");
        }
        return found;
    }

    private static async Task<IReadOnlyList<string>> TablesAsync(NpgsqlConnection connection)
    {
        var tables = new List<string>();
        await using var command = new NpgsqlCommand(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')", connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            tables.Add(reader.GetString(0));
        return tables;
    }

    private static string Text(object value) => value switch
    {
        byte[] bytes => Encoding.Latin1.GetString(bytes),
        Array array => string.Join('\n', array.Cast<object>().Select(Text)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static bool Holds(string where, string what, int layers) =>
        where.Contains(what, StringComparison.Ordinal) || (layers > 0 && Encoded().Matches(where).Any(run => Decode(run.Value) is { } inner && Holds(inner, what, layers - 1)));

    private static string? Decode(string run)
    {
        var standard = run.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        try
        {
            return Encoding.Latin1.GetString(Convert.FromBase64String(standard.PadRight((standard.Length + 3) / 4 * 4, '=')));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    [GeneratedRegex("[A-Za-z0-9+/_-]{24,}={0,2}", RegexOptions.CultureInvariant)]
    private static partial Regex Encoded();
}
