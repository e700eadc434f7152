using System.Net;
using System.Net.Sockets;
using CodeZero.Hub.Platform.Dns;
using CodeZero.Testing;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Tests;

/// <summary>TXT look-ups against a real server that answers, fails, and lies.</summary>
public sealed class DnsTests : IAsyncDisposable
{
    private const string Name = "_challenge.example.com";
    private readonly DnsServer _server = DnsServer.Start();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Every_record_of_the_name_is_found()
    {
        _server.Texts[Name] = ["one", "two words", new string('x', 600)];

        Assert.Equal(_server.Texts[Name], Assert.IsType<DnsText.Found>(await FindAsync()).Texts);
        Assert.Equal(_server.Texts[Name], Assert.IsType<DnsText.Found>(await FindAsync(Name.ToUpperInvariant())).Texts);
    }

    [Fact]
    public async Task A_name_that_is_not_there_has_none() => Assert.IsType<DnsText.None>(await FindAsync("nothing.example.com"));

    [Fact]
    public async Task What_does_not_fit_a_datagram_is_asked_for_over_tcp()
    {
        (_server.Texts[Name], _server.Truncates) = (["long"], true);

        Assert.Equal(["long"], Assert.IsType<DnsText.Found>(await FindAsync()).Texts);
        Assert.Equal(2, _server.Questions);
    }

    [Fact]
    public async Task A_server_that_fails_says_nothing_of_the_name()
    {
        (_server.Texts[Name], _server.Code) = (["there"], 2);

        Assert.Contains("code 2", Assert.IsType<DnsText.Unavailable>(await FindAsync()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_server_is_asked_when_the_first_does_not_answer()
    {
        _server.Texts[Name] = ["there"];
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        Assert.IsType<DnsText.Found>(await FindAsync(Name, (IPEndPoint)silent.LocalEndPoint!, _server.Address));
        silent.Close();
        Assert.IsType<DnsText.Found>(await FindAsync(Name, new IPEndPoint(IPAddress.Loopback, 1), _server.Address));
    }

    [Fact]
    public async Task Without_any_answer_nobody_could_say()
    {
        Assert.Contains("127.0.0.1:1", Assert.IsType<DnsText.Unavailable>(await FindAsync(Name, new IPEndPoint(IPAddress.Loopback, 1))).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("another number")]
    [InlineData("another name")]
    [InlineData("a question instead of an answer")]
    [InlineData("three bytes")]
    [InlineData("an answer cut off")]
    public async Task A_forged_answer_sent_ahead_is_passed_over(string forgery)
    {
        _server.Texts[Name] = ["true"];
        _server.SendFirst = question =>
        {
            byte[] forged = [.. question, 0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 6, 5, (byte)'f', (byte)'a', (byte)'l', (byte)'s', (byte)'e'];
            (forged[2], forged[7]) = (0x81, 1);
            switch (forgery)
            {
                case "another number":
                    forged[0] ^= 1;
                    break;
                case "another name":
                    forged[14] = (byte)'z';
                    break;
                case "a question instead of an answer":
                    forged[2] = 0x01;
                    break;
                case "three bytes":
                    forged = forged[..3];
                    break;
                default:
                    forged = forged[..^3];
                    break;
            }
            return forged;
        };

        Assert.Equal(["true"], Assert.IsType<DnsText.Found>(await FindAsync()).Texts);
    }

    [Fact]
    public void An_alias_within_the_answer_is_followed_and_a_circle_of_them_ends()
    {
        var question = DnsMessage.Question(7, "a.example");
        byte[] other = [1, (byte)'b', 0];
        byte[] alias = [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 3, .. other];
        byte[] text = [.. other, 0, 16, 0, 1, 0, 0, 0, 60, 0, 3, 2, (byte)'o', (byte)'k'];
        byte[] back = [.. other, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xC0, 12];
        byte[] foreign = [1, (byte)'c', 0, .. text[3..]];

        Assert.Equal(["ok"], Assert.IsType<DnsText.Found>(Read(alias, text)).Texts);
        Assert.IsType<DnsText.None>(Read(alias, back));
        Assert.IsType<DnsText.None>(Read(foreign));

        DnsText Read(params byte[][] records)
        {
            byte[] message = [.. question, .. records.SelectMany(record => record)];
            (message[2], message[7]) = (0x81, (byte)records.Length);
            return Assert.IsType<DnsResponse.Text>(DnsMessage.Read(message, 7, "a.example")).Answer;
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(24)]
    [InlineData(255)]
    public void A_name_that_points_at_itself_or_forward_is_refused(byte target)
    {
        byte[] message = [0, 7, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, target, 0, 16, 0, 1];

        Assert.IsType<DnsResponse.Foreign>(DnsMessage.Read(message, 7, "a.example"));
    }

    [Fact]
    public void Whatever_bytes_come_are_read_to_an_end()
    {
        var random = new Random(20261121);
        var question = DnsMessage.Question(7, "a.example");
        for (var round = 0; round < 200_000; round++)
        {
            var message = new byte[random.Next(0, 200)];
            random.NextBytes(message);
            if (round % 2 == 0 && message.Length > question.Length)
            {
                question.CopyTo(message, 0);
                message[2] |= 0x80;
                for (var i = question.Length; i < message.Length; i++)
                    if (random.Next(3) == 0)
                        message[i] = random.Next(2) == 0 ? (byte)0xC0 : (byte)random.Next(20);
            }
            _ = DnsMessage.Read(message, 7, "a.example");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData(".example.com")]
    [InlineData("exämple.com")]
    public async Task What_is_no_name_is_not_asked_for(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => FindAsync(name));
        await Assert.ThrowsAsync<ArgumentException>(() => FindAsync($"{new string('x', 64)}.com"));
        await Assert.ThrowsAsync<ArgumentException>(() => FindAsync(string.Join('.', Enumerable.Repeat("abcdefgh", 29))));
        Assert.Equal(0, _server.Questions);
    }

    private Task<DnsText> FindAsync(string name = Name, params IPEndPoint[] servers)
    {
        var options = new DnsOptions();
        foreach (var server in servers.Length > 0 ? servers : [_server.Address])
            options.Servers.Add(server.ToString());
        return new DnsResolver(Options.Create(options)).FindTextAsync(name, CancellationToken.None);
    }
}
