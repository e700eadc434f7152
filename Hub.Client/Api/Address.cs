namespace CodeZero.Hub.Client;

internal static class Address
{
    /// <summary>A relative address from a pattern and its parts, each escaped: whatever a person types stays within its segment.</summary>
    public static string Of(FormattableString pattern)
    {
        var parts = pattern.GetArguments().Select(part => (object)Escape(part?.ToString() ?? "")).ToArray();
        return string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern.Format, parts);
    }

    /// <summary>Dot segments would be resolved away on the client, so their dots are written as escapes, which the Hub then does not find.</summary>
    private static string Escape(string part) => part is "." or ".." ? part.Replace(".", "%252E", StringComparison.Ordinal) : Uri.EscapeDataString(part);
}
