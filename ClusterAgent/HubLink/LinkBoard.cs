using System.Collections.Immutable;
using CodeZero.AgentProtocol;
using CodeZero.AppManifest;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>A state in force, with the documents it needs, as far as they could be had. The documents are not yet checked against their names.</summary>
/// <param name="FetchedAt">When each of its installs first came as it is, by <see cref="LinkNames.EntryOf"/>.</param>
internal sealed record StateInForce(AcceptedState Accepted, StateDocuments Documents, IReadOnlyDictionary<Digest, DateTimeOffset> FetchedAt);

/// <summary>What the agent made of one install of the state in force.</summary>
/// <param name="Revision">Its install digest.</param>
/// <param name="Refusal">Why it was not taken on; null when it was.</param>
/// <param name="DecidedAt">When it was first verified, or refused.</param>
/// <param name="Removed">The App is gone, as the state asks.</param>
/// <param name="PutBack">How often the App was put back, since the agent started, after others had changed or deleted it.</param>
internal sealed record InstallVerdict(DesiredInstall Install, Digest Revision, Refusal? Refusal, DateTimeOffset DecidedAt, bool Removed, int PutBack = 0);

/// <summary>
/// What the parts of the Hub link tell each other: the follower which state is in force, the reconciler what it made of it, the reporter reads both.
/// All members are safe from any thread; what is read is a snapshot.
/// </summary>
internal sealed class LinkBoard
{
    private readonly Lock _gate = new();
    private StateInForce? _state;
    private Refusal? _stateRefusal;
    private ImmutableDictionary<Guid, InstallVerdict> _verdicts = ImmutableDictionary<Guid, InstallVerdict>.Empty;

    /// <summary>Set when the reconciler has something to look at.</summary>
    public Signal ToReconcile { get; } = new();

    /// <summary>Set when there is something new to report.</summary>
    public Signal ToReport { get; } = new();

    public StateInForce? State
    {
        get { lock (_gate) return _state; }
    }

    /// <summary>Why the newest state the Hub sent was refused, or the kept one could not be taken up; null when all is well.</summary>
    public Refusal? StateRefusal
    {
        get { lock (_gate) return _stateRefusal; }
    }

    public ImmutableDictionary<Guid, InstallVerdict> Verdicts
    {
        get { lock (_gate) return _verdicts; }
    }

    public void PutInForce(StateInForce state)
    {
        lock (_gate)
        {
            (_state, _stateRefusal) = (state, null);
            var listed = state.Accepted.State.Installs.Select(install => install.Id).ToHashSet();
            _verdicts = _verdicts.RemoveRange(_verdicts.Keys.Where(id => !listed.Contains(id)));
        }
        ToReconcile.Set();
        ToReport.Set();
    }

    /// <summary>The state in force counts no more: who signed it is not trusted any longer. What runs is left as it is.</summary>
    public void Withdraw(Refusal refusal)
    {
        lock (_gate)
            (_state, _stateRefusal, _verdicts) = (null, refusal, _verdicts.Clear());
        ToReport.Set();
    }

    /// <summary>The Hub has nothing newer than the state in force, so what was refused before is of no more interest.</summary>
    public void Confirm()
    {
        lock (_gate)
        {
            if (_stateRefusal is null)
                return;
            _stateRefusal = null;
        }
        ToReport.Set();
    }

    public void Refuse(Refusal refusal)
    {
        lock (_gate)
            _stateRefusal = refusal;
        ToReport.Set();
    }

    /// <summary>Takes a verdict on an install of <paramref name="state"/>; one that comes when another is in force already is dropped.</summary>
    public void Decide(StateInForce state, InstallVerdict verdict)
    {
        lock (_gate)
        {
            if (_state != state)
                return;
            if (_verdicts.TryGetValue(verdict.Install.Id, out var before) && before == verdict)
                return;
            _verdicts = _verdicts.SetItem(verdict.Install.Id, verdict);
        }
        ToReport.Set();
    }
}

/// <summary>An event that remembers one setting: whoever waits next goes on at once.</summary>
internal sealed class Signal
{
    private TaskCompletionSource _set = New();

    public void Set() => _set.TrySetResult();

    /// <summary>Returns when set, or after the time at the latest.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider clock, CancellationToken ct)
    {
        try
        {
            await _set.Task.WaitAsync(atMost, clock, ct);
            // From here on a setting counts for the next wait: what is done after this one sees what it was about.
            Interlocked.Exchange(ref _set, New());
        }
        catch (TimeoutException)
        {
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
