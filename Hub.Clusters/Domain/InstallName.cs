namespace CodeZero.Hub.Clusters.Domain;

/// <summary>Names of installs. <c>&lt;name&gt;--&lt;namespace&gt;</c> becomes one DNS label, so both together are bounded and neither holds the separator.</summary>
internal static class InstallName
{
    public const string Pattern = "^[a-z0-9](-?[a-z0-9])*$";
    public const string Rule = "It is 1 to 60 of a-z, 0-9 and single dashes, and begins and ends with a letter or digit.";

    private const string Separator = "--";
    private const int LongestLabel = 63;

    public static bool FitsOneLabel(string name, string @namespace) => name.Length + Separator.Length + @namespace.Length <= LongestLabel;
}
