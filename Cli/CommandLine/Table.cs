namespace CodeZero.Cli.CommandLine;

/// <summary>Columns of text, aligned, without trailing spaces.</summary>
internal static class Table
{
    public static void Write(TextWriter output, IReadOnlyList<string> head, IReadOnlyCollection<IReadOnlyList<string>> rows)
    {
        var all = rows.Select(row => row.Select(Terminal.Printable).ToList()).Prepend([.. head]).ToList();
        var widths = head.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        foreach (var row in all)
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
