using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Security;
using CodeZero.Testing;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Tests;

/// <summary>How long the keys of an issuer are believed that cannot be asked any more.</summary>
public sealed class IssuerKeysTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task They_do_without_it_for_less_than_an_hour()
    {
        var other = new Replica();
        using var keys = await KeysOfStoppedIssuerAsync(other, _ => Task.CompletedTask);

        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.NotNull(await ReadAsync(keys));
        _clock.Advance(TimeSpan.FromMinutes(6));

        await Assert.ThrowsAsync<IssuerUnavailableException>(() => ReadAsync(keys));
    }

    [Fact]
    public async Task When_keys_were_replaced_those_of_before_are_believed_no_more()
    {
        var other = new Replica();
        using var keys = await KeysOfStoppedIssuerAsync(other, _ => Task.CompletedTask);

        other.SaysThatKeysWereReplaced();

        await Assert.ThrowsAsync<IssuerUnavailableException>(() => ReadAsync(keys));
    }

    /// <summary>Another replica, which had not heard yet, may have answered with the old ones.</summary>
    [Fact]
    public async Task What_was_read_within_a_minute_of_a_replacement_does_not_outlast_the_issuer()
    {
        var other = new Replica();
        using var keys = await KeysOfStoppedIssuerAsync(other, async keys =>
        {
            other.SaysThatKeysWereReplaced();
            await ReadAsync(keys);
        });
        Assert.NotNull(await ReadAsync(keys));

        _clock.Advance(TimeSpan.FromSeconds(11));

        await Assert.ThrowsAsync<IssuerUnavailableException>(() => ReadAsync(keys));
    }

    private async Task<IssuerKeys> KeysOfStoppedIssuerAsync(Replica other, Func<IssuerKeys, Task> before)
    {
        await using var issuer = await TestIssuer.StartAsync();
        var keys = new IssuerKeys(Options.Create(new AccessTokenOptions { Issuer = issuer.Issuer }), _clock, other);
        Assert.Equal(issuer.Issuer, await ReadAsync(keys));
        await before(keys);
        return keys;
    }

    private static async Task<string> ReadAsync(IssuerKeys keys) => (await keys.GetConfigurationAsync(CancellationToken.None)).Issuer;

    private sealed class Replica : INotifications, IDisposable
    {
        private Action<Notification>? _heard;

        public void SaysThatKeysWereReplaced() => _heard!(new("compromised"));

        public IDisposable Subscribe(string channel, Action<Notification> handler)
        {
            Assert.Equal(AccessTokens.KeysReplacedChannel, channel);
            _heard = handler;
            return this;
        }

        public void Dispose() => _heard = null;
    }
}
