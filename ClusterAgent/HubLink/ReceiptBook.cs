using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// The agent's receipts (protocol §8): one per accepted or refused state, each naming the one before. They are kept until the Hub has them, so that the
/// chain has no holes after a crash; sending one twice does no harm. To a Hub that takes none, the newest <see cref="MaxWaiting"/> stay: that others are missing shows in them.
/// </summary>
internal sealed class ReceiptBook(ISigner agentKey)
{
    public const int MaxWaiting = 256;
    private readonly Queue<ReadOnlyMemory<byte>> _waiting = new();
    private (Digest State, string Result)? _newest;

    /// <summary>Digest of the newest receipt.</summary>
    public Digest? Last { get; private set; }

    /// <summary>Those the Hub does not have yet, oldest first, as envelopes.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Waiting => [.. _waiting];

    public void Resume(Digest? last, IEnumerable<ReadOnlyMemory<byte>> waiting)
    {
        Last = last;
        foreach (var envelope in waiting)
            _waiting.Enqueue(envelope);
    }

    /// <summary>Adds a receipt, unless the newest says the same; then false.</summary>
    public bool Write(Guid cluster, long? serial, Digest state, string result, DateTimeOffset now)
    {
        if (_newest == (state, result))
            return false;
        var receipt = new Receipt(cluster, serial, state, result, now, Last);
        _waiting.Enqueue(receipt.Sign(agentKey).ToJson());
        if (_waiting.Count > MaxWaiting)
            _waiting.Dequeue();
        (Last, _newest) = (receipt.ToDigest(), (state, result));
        return true;
    }

    /// <summary>Sends what waits, in order.</summary>
    public async Task SendAsync(HubApi hub, CancellationToken ct)
    {
        while (_waiting.TryPeek(out var envelope))
        {
            await hub.PostReceiptAsync(envelope.ToArray(), ct);
            _waiting.Dequeue();
        }
    }
}
