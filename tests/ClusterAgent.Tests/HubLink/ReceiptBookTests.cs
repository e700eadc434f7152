using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.HubLink;

namespace CodeZero.ClusterAgent.Tests.HubLink;

public sealed class ReceiptBookTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private readonly EcPrivateKey _key = EcPrivateKey.Generate();
    private readonly Guid _cluster = Guid.CreateVersion7();

    [Fact]
    public void Receipts_make_an_unbroken_chain_across_a_restart()
    {
        var first = new ReceiptBook(_key);
        Assert.True(first.Write(_cluster, 1, Digest.Of("one"u8), Receipt.Accepted, Now));
        Assert.True(first.Write(_cluster, null, Digest.Of("two"u8), RefusalCode.StateSignature, Now));

        var second = new ReceiptBook(_key);
        second.Resume(first.Last, first.Waiting);
        Assert.True(second.Write(_cluster, 2, Digest.Of("three"u8), Receipt.Accepted, Now));

        var envelopes = second.Waiting.Select(envelope => DsseEnvelope.Parse(envelope.Span).Value).ToList();
        var receipts = ReceiptChain.Verify(envelopes, _cluster, [_key.PublicKey], second.Last).Value;
        Assert.Equal([1, null, 2], receipts.Select(receipt => receipt.Serial));
    }

    [Fact]
    public void A_state_that_is_refused_again_and_again_gets_one_receipt()
    {
        var book = new ReceiptBook(_key);
        Assert.True(book.Write(_cluster, null, Digest.Of("bad"u8), RefusalCode.StateSignature, Now));
        Assert.False(book.Write(_cluster, null, Digest.Of("bad"u8), RefusalCode.StateSignature, Now.AddMinutes(1)));
        Assert.Single(book.Waiting);
    }

    [Fact]
    public void A_Hub_that_takes_no_receipts_does_not_fill_the_agents_memory()
    {
        var book = new ReceiptBook(_key);
        for (var serial = 1; serial <= ReceiptBook.MaxWaiting + 1; serial++)
            book.Write(_cluster, serial, Digest.Of(BitConverter.GetBytes(serial)), Receipt.Accepted, Now);

        Assert.Equal(ReceiptBook.MaxWaiting, book.Waiting.Count);
        var oldest = Receipt.Verify(DsseEnvelope.Parse(book.Waiting[0].Span).Value, _key.PublicKey).Value;
        Assert.NotNull(oldest.Value.PreviousReceipt);
    }
}
