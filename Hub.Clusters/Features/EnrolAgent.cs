using System.Globalization;
using System.Net.Http.Headers;
using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.AgentLink;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>
/// POST /agent/v1/enrol: an agent asks to speak for a cluster. Protocol §3. Everything that can be refused without the database is refused before the token is
/// touched, and a refusal changes nothing: a token is used up only by an agent that then waits for acceptance.
/// </summary>
internal sealed partial class EnrolAgent(
    ClustersDb db, Tenant tenant, Acceptance acceptance, IStateKeys keys, IAuditLog audit, IOptions<ClustersOptions> options, IOptions<AccessTokenOptions> tokens, TimeProvider clock, ILogger<EnrolAgent> log)
{
    [EndpointSummary("Ask to join a cluster")]
    internal static async Task<IResult> Handle(HttpRequest http, EnrolAgent enrol, ClustersMetrics metrics, CancellationToken ct)
    {
        var answer = await ReadAsync(http, enrol, ct);
        metrics.EnrolmentAsked(answer is ProblemHttpResult refused ? (string)refused.ProblemDetails.Extensions["code"]! : "joined");
        return answer;
    }

    private static async Task<IResult> ReadAsync(HttpRequest http, EnrolAgent enrol, CancellationToken ct)
    {
        if (ReadToken(http) is not { } text)
            return Refuse(StatusCodes.Status401Unauthorized, new(RefusalCode.EnrolmentToken, $"There is no enrolment token. Send it as 'Authorization: {AgentApi.EnrolmentScheme} <token>'."));
        if (!EnrolmentToken.Parse(text).TryGet(out var token, out var refusal))
            return Refuse(StatusCodes.Status401Unauthorized, refusal);
        if (await WireBody.ReadAsync(http, EnrolmentRequest.MaxBytes, ct) is not { } body)
            return WireBody.TooLarge(EnrolmentRequest.MaxBytes);
        if (!EnrolmentRequest.Parse(body.Span).TryGet(out var request, out refusal))
            return Refuse(StatusCodes.Status400BadRequest, refusal);
        return await enrol.JoinAsync(token, request, http.HttpContext.Connection.RemoteIpAddress?.ToString() ?? "", ct);
    }

    private async Task<IResult> JoinAsync(EnrolmentToken token, EnrolmentRequest request, string address, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (!EnrolmentVerifier.Check(request, token, now).TryGet(out _, out var refusal))
            return Refuse(StatusCodes.Status400BadRequest, refusal, new() { ["hubTime"] = now });

        tenant.Enter(token.Organization);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await ConsumeAsync(token, now, ct))
            return await WhyNotAsync(token, now, ct);
        if (await db.LockClusterAsync(token.Cluster, ct) is not { } cluster)
            return Unknown();
        if (await acceptance.FindDoubleAsync(cluster, request.ClusterUid, ct) is { } taken)
            return taken;

        var agent = Agent.Request(token.Organization, token.Cluster, token.Enrolment, new(
            request.SigningKey.Thumbprint, request.SigningKey.ToString(), request.AgentKeys.ToJson(), request.ClusterUid, request.AgentVersion,
            request.KubernetesVersion, request.Distribution, address), now);
        db.Add(agent);
        await db.SaveChangesAsync(ct);
        if (await AcceptUnaskedAsync(cluster, agent, ct) is { } refused)
            return refused;
        await audit.RecordAsync(new(agent.Status == AgentStatus.Accepted ? "agent.joined" : "agent.asked_to_join", "cluster", cluster.Id)
        {
            TargetName = cluster.Name,
            Actor = new(AuditActorKind.Agent, cluster.Id.ToString(), null),
            After = new { agent.Thumbprint, agent.ClusterUid, agent.Address },
        }, ct);
        await transaction.CommitAsync(ct);
        Requested(log, token.Organization, token.Cluster, agent.Thumbprint, agent.Address);
        return await AnswerAsync(agent, StatusCodes.Status201Created, keys, tokens.Value, ct);
    }

    /// <summary>Uses the token up: of any number of tries at once, one finds it unused.</summary>
    private async Task<bool> ConsumeAsync(EnrolmentToken token, DateTimeOffset now, CancellationToken ct)
    {
        var hash = token.Hash.ToString();
        return await db.Enrolments
            .Where(row => row.Id == token.Enrolment && row.ClusterId == token.Cluster && row.TokenHash == hash && row.ConsumedAt == null && row.ExpiresAt > now)
            .ExecuteUpdateAsync(row => row.SetProperty(enrolment => enrolment.ConsumedAt, now), ct) == 1;
    }

    /// <summary>Only who has the token itself is told more than that it is not known.</summary>
    private async Task<ProblemHttpResult> WhyNotAsync(EnrolmentToken token, DateTimeOffset now, CancellationToken ct)
    {
        var hash = token.Hash.ToString();
        var row = await db.Enrolments.AsNoTracking().SingleOrDefaultAsync(row => row.Id == token.Enrolment && row.ClusterId == token.Cluster && row.TokenHash == hash, ct);
        return row?.StateAt(now) switch
        {
            EnrolmentState.Used => BadToken("used", string.Create(CultureInfo.InvariantCulture,
                $"The enrolment token was used at {row.ConsumedAt:u}, and works once. If that was not your agent, revoke the agent that waits. Make a new enrolment.")),
            EnrolmentState.Expired => BadToken("expired", string.Create(CultureInfo.InvariantCulture, $"The enrolment token expired at {row.ExpiresAt:u}. Make a new enrolment.")),
            _ => Unknown(),
        };
    }

    private static ProblemHttpResult Unknown() =>
        BadToken("unknown", "The enrolment token is not known here: it is for another Hub or another cluster, or the cluster was removed. Make a new enrolment.");

    private static ProblemHttpResult BadToken(string reason, string detail) =>
        Refuse(StatusCodes.Status401Unauthorized, new(RefusalCode.EnrolmentToken, detail), new() { ["reason"] = reason });

    /// <summary>In development nobody need confirm the first agent of a cluster. One that is there already is never replaced unasked.</summary>
    private async Task<ProblemHttpResult?> AcceptUnaskedAsync(Cluster cluster, Agent agent, CancellationToken ct)
    {
        if (options.Value.RequireAcceptance || await db.Agents.AnyAsync(row => row.ClusterId == cluster.Id && row.Status == AgentStatus.Accepted, ct))
            return null;
        return await acceptance.AcceptAsync(cluster, agent, [agent], null, ct);
    }

    /// <summary>Where an agent's enrolment stands, as the agent reads it.</summary>
    internal static async Task<IResult> AnswerAsync(Agent agent, int status, IStateKeys keys, AccessTokenOptions tokens, CancellationToken ct)
    {
        var standing = agent.Status switch
        {
            AgentStatus.Pending => EnrolmentStatus.Pending,
            AgentStatus.Accepted => EnrolmentStatus.Accepted,
            _ => EnrolmentStatus.Refused,
        };
        var answer = new EnrolmentResponse(agent.ClusterId, agent.OrganizationId, agent.Id, agent.Thumbprint, standing, tokens.Issuer!, await keys.PublishedAsync(ct));
        return TypedResults.Text(answer.ToJson(), "application/json", status);
    }

    private static string? ReadToken(HttpRequest http) =>
        AuthenticationHeaderValue.TryParse(http.Headers.Authorization.ToString(), out var header)
        && header.Scheme.Equals(AgentApi.EnrolmentScheme, StringComparison.OrdinalIgnoreCase) ? header.Parameter : null;

    private static ProblemHttpResult Refuse(int status, Refusal refusal, Dictionary<string, object?>? members = null) =>
        Problems.Create(status, refusal.Code, refusal.Reason, members);

    [LoggerMessage(3004, LogLevel.Information, "Agent {Thumbprint} at {Address} asked to speak for cluster {Cluster} of organization {Organization}")]
    private static partial void Requested(ILogger log, Guid organization, Guid cluster, string thumbprint, string address);
}
