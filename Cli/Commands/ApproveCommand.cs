using System.CommandLine;
using System.Text.Json;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;
using Approval = CodeZero.AgentProtocol.Approval;

namespace CodeZero.Cli.Commands;

/// <summary>
/// czctl approve: shows what would run, computes the digest itself from what was shown, and signs that. The Hub cannot have anything approved
/// that the person did not see. Approving again with the same key changes nothing.
/// </summary>
internal static class ApproveCommand
{
    private static readonly Option<string> Key = new("--key", "-k") { Description = "Your approver key's file, made by `czctl keys create`.", HelpName = "FILE", Required = true };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };
    private static readonly Option<string?> Expires = new("--expires-in") { Description = "For how long the approval can bring the install in: 30m, 24h. Default: without end.", HelpName = "DURATION" };

    public static CzCommand Create() => new CzCommand("approve", "Approve what an install runs, with a key the Hub does not have.",
    [
        "czctl approve vault/vaultwarden --cluster production --key approver.pem",
        "czctl approve vault/vaultwarden --cluster production --key approver.pem --yes --expires-in 24h",
    ], RunAsync).With(InstallReference.Install, InstallReference.Cluster, Key, KeyFiles.PassphraseFile, Yes, Expires);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var lifetime = Lifetime(context);
        var organization = await context.OrganizationAsync(ct);
        var cluster = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindAsync(context, organization, context.Get(InstallReference.Cluster)!, ct));
        var install = await InstallReference.FindAsync(context, organization, cluster, context.Get(InstallReference.Install), ct);
        var content = await ContentAsync(context, cluster, install, ct);

        var key = KeyFiles.ReadPrivate(context, context.Get(Key)!);
        if (install.Approvals.FirstOrDefault(approval => approval.Thumbprint == key.PublicKey.Thumbprint) is { } present && lifetime is null)
        {
            Print(context, install, present.Thumbprint, present.ApprovedAt, isNew: false);
            return;
        }
        if (context.Terminal.Form != OutputForm.Json)
            foreach (var line in content.Lines(cluster.Name))
                context.Terminal.Note(line);
        if (!context.Get(Yes))
            context.Terminal.Confirm($"Approve this with key {key.PublicKey.Thumbprint}?", "Look at it, then add --yes.");

        var approver = context.Token is { IsKey: true } ? $"an API key of {organization}" : (await context.Hub.Identity.MeAsync(ct)).Email;
        var now = WholeSeconds(context.Time.GetUtcNow());
        var approval = new Approval(cluster.Id, install.Organization, install.Id, content.Digest, now, lifetime is { } life ? WholeSeconds(now + life) : null, approver);
        using var envelope = JsonDocument.Parse(approval.Sign(key).ToJson());
        var stored = await context.Terminal.WaitAsync("Handing in the approval", context.Hub.Installs.ApproveAsync(organization, cluster.Id.ToString(), install.Id, envelope.RootElement.Clone(), ct));
        Print(context, install, stored.Thumbprint, stored.ApprovedAt, isNew: true);
    }

    private static TimeSpan? Lifetime(CommandContext context) => context.Get(Expires) switch
    {
        null => null,
        var text when Times.TryParse(text, out var life) && life >= TimeSpan.FromMinutes(1) => life,
        _ => throw CommandError.Usage("--expires-in takes a duration of at least a minute, such as 30m or 24h."),
    };

    /// <summary>What would be approved, told from verified parts; the Hub's digest must be that of exactly these.</summary>
    private static async Task<InstallContent> ContentAsync(CommandContext context, Cluster cluster, Install install, CancellationToken ct)
    {
        if (install.Cluster != cluster.Id)
            throw CommandError.Refused("install.wrong_cluster", "The Hub gave an install of another cluster.", "Tell the Hub's operator.");
        InstallContent content;
        if (install.Removed)
            content = InstallContent.Of(install, application: null);
        else
        {
            var version = await context.Terminal.WaitAsync("Fetching the manifest", context.Hub.Apps.VersionAsync(install.Publisher, install.App, install.Manifest, ct));
            content = InstallContent.Of(install, VerifiedManifest.Check(version.Manifest, install.Manifest));
        }
        return content.Digest.ToString() == install.Digest ? content : throw CommandError.Refused("approval.digest_differs",
            $"The Hub asks for an approval of {install.Digest}, but what it shows has the digest {content.Digest}.", "Do not approve it. Is this czctl as new as the Hub? If it is, tell the Hub's operator.");
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    private static void Print(CommandContext context, Install install, string thumbprint, DateTimeOffset at, bool isNew) =>
        context.Terminal.Result(new { install = install.Id, install.Namespace, install.Name, install.Digest, thumbprint, approvedAt = at, isNew }, output => output.WriteLine(isNew
            ? $"Approved {install.Namespace}/{install.Name} ({install.Digest}) with key {thumbprint}."
            : $"{install.Namespace}/{install.Name} ({install.Digest}) was approved with this key at {Times.Clock(at, context.Time.GetUtcNow())}."));
}
