using System.Text.Json;
using CodeZero.AppManifest;
using CodeZero.Cli.CommandLine;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>A manifest whose bytes are what its digest says, whoever sent it.</summary>
internal static class VerifiedManifest
{
    /// <exception cref="CommandError">The manifest is not that of the digest, or none at all.</exception>
    public static AppManifest.Application Check(ApplicationVersion version) => Check(version.Manifest, version.Digest);

    /// <param name="digest">The digest it must have.</param>
    public static AppManifest.Application Check(JsonElement manifest, string digest)
    {
        var canonical = CanonicalJson.Serialize(manifest);
        if (Digest.Of(canonical).ToString() != digest)
            throw CommandError.Refused("manifest.digest", $"The Hub sent a manifest that is not {digest} but {Digest.Of(canonical)}.", "Do not use it, and tell the Hub's operator.");
        try
        {
            return AppManifest.Application.FromCanonical(canonical);
        }
        catch (FormatException e)
        {
            throw CommandError.Refused("manifest.unreadable", $"This manifest cannot be read: {e.Message}", "Is this czctl as new as the Hub?");
        }
    }
}
