using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>How people write applications.</summary>
internal static class AppReference
{
    /// <summary>Reads <c>publisher/app</c>, or <c>app</c> of the organization in use.</summary>
    public static async Task<(string Publisher, string App)> ReadAsync(CommandContext context, string written, CancellationToken ct) => written.Split('/') switch
    {
        [{ Length: > 0 } publisher, { Length: > 0 } app] => (publisher, app),
        [{ Length: > 0 } app] => ((await context.Hub.Identity.OrganizationAsync(await context.OrganizationAsync(ct), ct)).Slug, app),
        _ => throw CommandError.Usage($"\"{written}\" is no application.", "Write publisher/app."),
    };
}
