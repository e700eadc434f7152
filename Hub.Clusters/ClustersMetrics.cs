using System.Diagnostics.Metrics;
using CodeZero.Hub.Clusters.Domain;

namespace CodeZero.Hub.Clusters;

/// <summary>What an operator watches of this module. No label names a tenant or a cluster.</summary>
internal sealed class ClustersMetrics
{
    public const string MeterName = "CodeZero.Hub.Clusters";

    private readonly Counter<long> _states;
    private readonly Counter<long> _reports;
    private readonly Counter<long> _enrolments;

    public ClustersMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _states = meter.CreateCounter<long>("codezero.clusters.states", "{state}", "States signed, by reason.");
        _reports = meter.CreateCounter<long>("codezero.clusters.reports", "{report}", "Reports accepted.");
        _enrolments = meter.CreateCounter<long>("codezero.clusters.enrolments", "{request}", "Enrolment requests, by outcome.");
        HeldPolls = meter.CreateUpDownCounter<long>("codezero.clusters.polls", "{request}", "State requests held open.");
    }

    public UpDownCounter<long> HeldPolls { get; }

    public void StateSigned(StateReason reason) => _states.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString().ToLowerInvariant()));

    public void ReportAccepted() => _reports.Add(1);

    /// <param name="outcome"><c>joined</c>, or the refusal's code.</param>
    public void EnrolmentAsked(string outcome) => _enrolments.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
