using System.Net;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

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

    /// <summary>The application, as its publisher shows it.</summary>
    /// <exception cref="CommandError">There is none, or none that this person may see.</exception>
    public static Task<Application> FindAsync(CommandContext context, string publisher, string app, CancellationToken ct) =>
        OrNotFoundAsync(context.Hub.Apps.FindAsync(publisher, app, ct), $"application {publisher}/{app}", "To see those there are: czctl app list, or czctl app list --public");

    /// <summary>A version by its number or digest.</summary>
    /// <exception cref="CommandError">There is none, or none that this person may see.</exception>
    public static Task<ApplicationVersion> VersionAsync(CommandContext context, string publisher, string app, string version, CancellationToken ct) =>
        OrNotFoundAsync(context.Hub.Apps.VersionAsync(publisher, app, version, ct), $"version {version} of {publisher}/{app}", $"To see those there are: czctl app show {publisher}/{app}");

    private static async Task<T> OrNotFoundAsync<T>(Task<T> asked, string what, string remedy)
    {
        try
        {
            return await asked;
        }
        catch (HubException refused) when (refused.Status == HttpStatusCode.NotFound)
        {
            throw CommandError.NotFound($"There is no {what}, or you may not see it.", remedy);
        }
    }
}
