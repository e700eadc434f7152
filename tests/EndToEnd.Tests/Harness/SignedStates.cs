using System.Text;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>The desired states of a Hub, as somebody in its database or in its process gets at them.</summary>
internal static class SignedStates
{
    /// <summary>The newest state's envelope, or the one <paramref name="back"/> before it, as it stands in the database.</summary>
    public static async Task<byte[]> EnvelopeAsync(HubWithPerson hub, Guid cluster, int back = 0) =>
        await hub.SqlAsync<byte[]>("select envelope from clusters.states where cluster_id = $1 order by serial desc offset $2 limit 1", cluster, back)
            ?? throw new InvalidOperationException("There is no such state.");

    /// <summary>What an envelope says, unverified.</summary>
    public static DesiredState Read(byte[] envelope) => DesiredState.Parse(Convert.FromBase64String(DsseEnvelope.Parse(envelope).Value.Payload)).Value;

    /// <summary>The key the Hub signs with, taken out of its process.</summary>
    public static async Task<EcPrivateKey> StealKeyAsync(HubWithPerson hub)
    {
        var kept = await hub.SqlAsync<byte[]>("select protected_private_key from clusters.state_keys order by signs_from limit 1");
        var protector = hub.HubServices.GetRequiredService<IDataProtectionProvider>().CreateProtector("CodeZero.Hub.Clusters.StateKeys.v1");
        return EcPrivateKey.FromPem(Encoding.ASCII.GetString(protector.Unprotect(kept!))).Value;
    }

    /// <summary>The canonical form of a manifest, which a state names by its digest.</summary>
    public static Application Canonical(string manifest)
    {
        var parsed = ManifestParser.Parse(ManifestFiles.FromText(manifest));
        return parsed.HasErrors ? throw new ArgumentException(string.Join('\n', parsed.Diagnostics)) : parsed.Applications[0];
    }
}
