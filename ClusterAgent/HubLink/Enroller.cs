using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// Makes the agent a member of a cluster record of the Hub (protocol §3), once: keys first, then the one-time token, then a person's acceptance.
/// A crash at any point goes on from the keys: the Hub knows them when the token was already used.
/// </summary>
internal sealed partial class Enroller(IClusterApi api, AgentVault vault, HttpClient http, string ns, TimeProvider clock, ILogger<Enroller> log)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AskAgainAtMost = TimeSpan.FromSeconds(30);

    /// <summary>Returns when a person (or the Hub's setting) has accepted this agent. Refusals are logged and shown in the ConfigMap, and tried again when the token changes.</summary>
    public async Task<(AgentSecrets Secrets, Membership Membership)> RunAsync(CancellationToken ct)
    {
        var secrets = await vault.ReadAsync(ct);
        if (secrets is null)
        {
            secrets = new(EcPrivateKey.Generate(), EcPrivateKey.Generate(), null);
            await vault.SaveAsync(secrets, ct);
        }
        Thumbprint(log, secrets.Signing.PublicKey.Thumbprint);
        if (secrets.Membership is null)
        {
            secrets = secrets with { Membership = await JoinAsync(secrets, ct) };
            await vault.SaveAsync(secrets, ct);
            // Used up: of no more use to anybody, and no more to be explained.
            await api.DeleteAsync(new(ResourceKind.Secret, ns, LinkNames.EnrolmentSecret), new DeleteOptions(), ct);
        }
        await AwaitAcceptanceAsync(secrets, secrets.Membership!, ct);
        return (secrets, secrets.Membership!);
    }

    private async Task<Membership> JoinAsync(AgentSecrets secrets, CancellationToken ct)
    {
        string? tried = null;
        for (var wait = AskAgain; ; wait = Longer(wait))
        {
            var secret = (await api.FindAsync(new(ResourceKind.Secret, ns, LinkNames.EnrolmentSecret), ct))?.DecodeData();
            var (text, address) = (secret?.GetValueOrDefault("token")?.Trim(), secret?.GetValueOrDefault("hub")?.Trim());
            if (text is null || !Uri.TryCreate(address, UriKind.Absolute, out var hub) || hub.Scheme is not ("https" or "http"))
                await ShowAsync(secrets, null, "waiting", $"Secret {LinkNames.EnrolmentSecret} with token and hub is missing; run: czctl clusters join CLUSTER.", ct);
            else if (text != tried)
            {
                var (membership, final) = await TryJoinAsync(secrets, text, hub, ct);
                if (membership is not null)
                    return membership;
                // A refused token stays refused; a Hub out of reach may come back.
                tried = final ? text : null;
            }
            await Task.Delay(Jitter(wait), clock, ct);
        }
    }

    private async Task<(Membership? Membership, bool Final)> TryJoinAsync(AgentSecrets secrets, string text, Uri hub, CancellationToken ct)
    {
        if (!EnrolmentToken.Parse(text).TryGet(out var token, out var refusal))
        {
            await ShowAsync(secrets, null, "refused", $"{refusal.Code}: {refusal.Reason}", ct);
            return (null, true);
        }
        try
        {
            var cluster = await ClusterFacts.ReadAsync(api, ct);
            var request = EnrolmentRequest.Create(
                token, secrets.Signing, secrets.Sealing.PublicKey, cluster.Uid, AgentVersion.Text, cluster.KubernetesVersion, cluster.Distribution, clock.GetUtcNow());
            byte[] answer;
            try
            {
                answer = await HubApi.EnrolAsync(http, hub, token, request, ct);
            }
            catch (HubException e) when (!e.IsTransient)
            {
                // The token may have been used by this very agent, before it could write that down.
                if (await AskAsync(hub, token.Organization, token.Cluster, secrets, ct) is not { } known)
                    throw;
                answer = known;
            }
            if (!EnrolmentResponse.Parse(answer).TryGet(out var response, out refusal))
                throw new HubException(default, refusal.Code, refusal.Reason, null);
            // Who gave the token said which cluster this is. A Hub that says another could bring approvals here that were given for that one.
            if (response.Cluster != token.Cluster || response.Organization != token.Organization)
                throw new HubException(default, RefusalCode.EnrolmentToken, $"The token is for cluster {token.Cluster}, but the Hub answered for {response.Cluster}. Do not trust this Hub.", null);
            return (new(hub, response.Cluster, response.Organization, response.Issuer), true);
        }
        catch (Exception e) when (e is HubException or HttpRequestException or TimeoutException)
        {
            await ShowAsync(secrets, null, "refused", e.Message, ct);
            // A clock can be put right and another cluster's record removed; only the token itself does not get better.
            return (null, e is HubException { Status: HttpStatusCode.Unauthorized });
        }
    }

    private async Task AwaitAcceptanceAsync(AgentSecrets secrets, Membership membership, CancellationToken ct)
    {
        EnrolmentStatus? shown = null;
        for (var wait = AskAgain; ; wait = Longer(wait))
        {
            try
            {
                var status = await AskStatusAsync(membership, secrets, ct);
                if (status != shown)
                    await ShowAsync(secrets, membership, status.ToString().ToLowerInvariant(), Explain(status, secrets), ct);
                shown = status;
                if (status == EnrolmentStatus.Accepted)
                    return;
            }
            catch (Exception e) when (e is HubException or HttpRequestException or TimeoutException)
            {
                HubAway(log, membership.Hub, e.Message);
                // Whoever was accepted before goes on from the last good state; the link will tell when the Hub is back.
                return;
            }
            await Task.Delay(Jitter(wait), clock, ct);
        }
    }

    private async Task<EnrolmentStatus> AskStatusAsync(Membership membership, AgentSecrets secrets, CancellationToken ct)
    {
        try
        {
            var answer = await HubApi.GetEnrolmentAsync(http, membership.Hub, membership.Organization, membership.Cluster, secrets.Signing, clock.GetUtcNow(), ct);
            return EnrolmentResponse.Parse(answer).TryGet(out var response, out var refusal) ? response.Status : throw new HubException(default, refusal.Code, refusal.Reason, null);
        }
        catch (HubException e) when (e.IsUnknown)
        {
            // A Hub that does not know this agent any more has removed it.
            return EnrolmentStatus.Refused;
        }
    }

    private async Task<byte[]?> AskAsync(Uri hub, Guid organization, Guid cluster, AgentSecrets secrets, CancellationToken ct)
    {
        try
        {
            return await HubApi.GetEnrolmentAsync(http, hub, organization, cluster, secrets.Signing, clock.GetUtcNow(), ct);
        }
        catch (HubException e) when (!e.IsTransient)
        {
            return null;
        }
    }

    private async Task ShowAsync(AgentSecrets secrets, Membership? membership, string status, string message, CancellationToken ct)
    {
        Standing(log, status, message);
        var map = new KubernetesObject(ResourceKind.ConfigMap, ns, LinkNames.AgentConfigMap);
        var data = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["thumbprint"] = secrets.Signing.PublicKey.Thumbprint,
            ["status"] = status,
            ["message"] = message,
            ["version"] = AgentVersion.Text,
        };
        if (membership is not null)
        {
            data["hub"] = membership.Hub.ToString();
            data["cluster"] = membership.Cluster.ToString();
            data["organization"] = membership.Organization.ToString();
        }
        map.Json["data"] = data.ToJson();
        await api.ApplyAsync(map, LinkNames.Write, ct);
    }

    private static string Explain(EnrolmentStatus status, AgentSecrets secrets) => status switch
    {
        EnrolmentStatus.Accepted => "The agent is a member of its cluster record.",
        EnrolmentStatus.Pending => $"Waiting for a person: czctl clusters accept CLUSTER --thumbprint {secrets.Signing.PublicKey.Thumbprint}",
        _ => "The Hub refused or revoked this agent. What runs goes on. To join anew, delete Secret codezero-agent and run: czctl clusters join CLUSTER.",
    };

    private static TimeSpan Longer(TimeSpan wait) => wait * 1.5 < AskAgainAtMost ? wait * 1.5 : AskAgainAtMost;

    private static TimeSpan Jitter(TimeSpan wait) => wait * (0.5 + (Random.Shared.NextDouble() / 2));

    [LoggerMessage(6101, LogLevel.Information, "This agent's key has the thumbprint {Thumbprint}; whoever accepts the agent compares it")]
    private static partial void Thumbprint(ILogger log, string thumbprint);

    [LoggerMessage(6102, LogLevel.Information, "Enrolment is {Status}: {Message}")]
    private static partial void Standing(ILogger log, string status, string message);

    [LoggerMessage(6103, LogLevel.Warning, "The Hub {Hub} cannot be asked how the enrolment stands ({Reason}); going on with the last good state")]
    private static partial void HubAway(ILogger log, Uri hub, string reason);
}
