namespace CodeZero.AgentProtocol.Tests;

public sealed class TrustRootTests
{
    private readonly Sample _sample = new();

    [Theory]
    [InlineData(TrustMode.Hub, 1)]
    [InlineData(TrustMode.Approved, 2)]
    [InlineData(TrustMode.Published, 1)]
    public void A_trust_root_survives_its_ConfigMap(TrustMode mode, int threshold)
    {
        var root = _sample.Root(mode, threshold);
        var read = TrustRoot.Parse(root.ToData()).Value;
        Assert.Equal(root.ToData(), read.ToData());
        Assert.Equal(root.ApproverKeys, read.ApproverKeys);
    }

    [Fact]
    public void A_ConfigMap_may_be_written_by_hand()
    {
        var data = new Dictionary<string, string>
        {
            ["mode"] = "approved\n",
            ["stateKeys"] = $"# the Hub\r\n\r\n  {_sample.HubKey.PublicKey}  # hub.example.com }} # 2026\r\n",
            ["approverKeys"] = $"{_sample.Alice.PublicKey}\n{_sample.Bob.PublicKey}#Bob",
        };
        var root = TrustRoot.Parse(data).Value;
        Assert.Equal((TrustMode.Approved, 1), (root.Mode, root.Threshold));
        Assert.Equal("hub.example.com } # 2026", Assert.Single(root.StateKeys).Comment);
        Assert.Equal([null, "Bob"], root.ApproverKeys.Select(k => k.Comment));
        Assert.True(root.NeedsApproval);
    }

    public static TheoryData<string, string, string?> Mistakes => new()
    {
        { "mode must be", "mode", null },
        { "mode must be", "mode", "Approved" },
        { "mode must be", "mode", "0" },
        { "threshold must be", "threshold", "two" },
        { "threshold must be", "threshold", "-1" },
        { "threshold must be", "threshold", "" },
        { "threshold must be", "threshold", "99999999999" },
        { "threshold must be", "threshold", "0" },
        { "threshold is 3", "threshold", "3" },
        { "stateKeys is empty", "stateKeys", null },
        { "stateKeys is empty", "stateKeys", "# nobody" },
        { "stateKeys, line 1", "stateKeys", "hub" },
        { "stateKeys, line 1", "stateKeys", "{}" },
        { "threshold is 1, but approverKeys lists 0", "approverKeys", null },
        { "approverKeys, line 2", "approverKeys", "\n{\"kty\":\"EC\"" },
        { "is not known", "aproverKeys", "" },
        { "is not known", "\u001b[2J", "" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_root_that_cannot_be_read_trusts_nobody(string says, string key, string? value)
    {
        var data = new Dictionary<string, string>(_sample.Root(TrustMode.Approved).ToData());
        if (value is null)
            data.Remove(key);
        else
            data[key] = value;
        var refusal = TrustRoot.Parse(data).Refusal!;
        Assert.Equal(RefusalCode.TrustUnreadable, refusal.Code);
        Assert.Contains(says, refusal.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', refusal.Reason);
    }

    [Fact]
    public void A_key_has_one_role_once()
    {
        var (hub, alice) = (new TrustedKey(_sample.HubKey.PublicKey), new TrustedKey(_sample.Alice.PublicKey));
        Assert.Throws<ArgumentException>(() => new TrustRoot(TrustMode.Approved, [hub], [hub]));
        Assert.Throws<ArgumentException>(() => new TrustRoot(TrustMode.Approved, [hub], [alice, alice with { Comment = "again" }], threshold: 2));
    }

    [Fact]
    public void Mode_published_needs_a_publisher_to_trust() =>
        Assert.Throws<ArgumentException>(() => new TrustRoot(TrustMode.Published, [new(_sample.HubKey.PublicKey)]));
}
