namespace CodeZero.Architecture.Tests;

internal static class Findings
{
    /// <summary>Fails with every finding, one a line.</summary>
    internal static void None(IEnumerable<string> findings)
    {
        var all = findings.ToList();
        Assert.True(all.Count == 0, string.Join(Environment.NewLine, all));
    }
}
