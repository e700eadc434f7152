using System.Net;
using System.Net.Sockets;
using System.Text;
using CodeZero.Hub.Platform.Outbound;

namespace CodeZero.Hub.Platform.Tests;

/// <summary>Requests to addresses that somebody gave, who may mean harm.</summary>
public sealed class GuardedHttpTests
{
    [Theory]
    [InlineData("1.1.1.1", true)]
    [InlineData("2606:4700:4700::1111", true)]
    [InlineData("::ffff:1.1.1.1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.255.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.168.0.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("203.0.113.7", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fc00::1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("ff02::1", false)]
    public void Only_public_addresses_are_connected_to(string address, bool allowed) => Assert.Equal(allowed, OutboundAddresses.IsAllowed(IPAddress.Parse(address), allowPrivateNetworks: false));

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("fc00::1", true)]
    [InlineData("169.254.169.254", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fe80::1", false)]
    public void A_Hub_of_ones_own_reaches_private_networks_and_still_no_metadata_service(string address, bool allowed) =>
        Assert.Equal(allowed, OutboundAddresses.IsAllowed(IPAddress.Parse(address), allowPrivateNetworks: true));

    [Theory]
    [InlineData("https://127.0.0.1/", FetchFault.Network)]
    [InlineData("https://2130706433/", FetchFault.Network)]
    [InlineData("https://0x7f.1/", FetchFault.Network)]
    [InlineData("https://[::1]/", FetchFault.Network)]
    [InlineData("https://169.254.169.254/latest/meta-data", FetchFault.Network)]
    [InlineData("https://inside.example/", FetchFault.Network)]
    [InlineData("https://mixed.example/", FetchFault.Network)]
    [InlineData("https://unknown.example/", FetchFault.Name)]
    [InlineData("http://public.example/", FetchFault.Address)]
    [InlineData("http://127.0.0.1/", FetchFault.Address)]
    [InlineData("https://user@public.example/", FetchFault.Address)]
    [InlineData("file:///etc/passwd", FetchFault.Address)]
    [InlineData("gopher://public.example/", FetchFault.Address)]
    public async Task Nothing_inside_the_network_is_asked(string address, FetchFault fault)
    {
        using var http = new GuardedHttp(allowPrivateNetworks: false, Resolve);

        Assert.Equal(new Fetched.Failed(fault), await GetAsync(http, new Uri(address)));
    }

    [Fact]
    public async Task What_was_looked_at_is_what_is_connected_to()
    {
        var asked = 0;
        using var http = new GuardedHttp(allowPrivateNetworks: false, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(asked++ == 0 ? "10.0.0.1" : "1.1.1.1")]));

        Assert.Equal(new Fetched.Failed(FetchFault.Network), await GetAsync(http, new Uri("https://rebinding.example/")));
        Assert.Equal(1, asked); // and not once more, for the connection
    }

    [Theory]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", HttpStatusCode.Found)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", HttpStatusCode.OK)]
    public async Task A_redirect_is_an_answer_and_nothing_is_followed(string response, HttpStatusCode status)
    {
        using var server = new OneAnswer(response);
        using var http = new GuardedHttp(allowPrivateNetworks: true);

        Assert.Equal(status, Assert.IsType<Fetched.Answer>(await GetAsync(http, server.Address)).Status);
    }

    [Fact]
    public async Task No_more_is_read_than_there_is_room_for()
    {
        using var server = new OneAnswer("HTTP/1.1 200 OK\r\n\r\n" + new string('x', GuardedHttp.MaxBytes + 1));
        using var http = new GuardedHttp(allowPrivateNetworks: true);

        Assert.Equal(new Fetched.Failed(FetchFault.TooLarge), await GetAsync(http, server.Address));
    }

    [Fact]
    public async Task What_is_no_TLS_and_what_takes_no_connections_is_told_apart()
    {
        using var server = new OneAnswer("HTTP/1.1 200 OK\r\n\r\n");
        using var http = new GuardedHttp(allowPrivateNetworks: true);

        Assert.Equal(new Fetched.Failed(FetchFault.Tls), await GetAsync(http, new UriBuilder(server.Address) { Scheme = "https" }.Uri));
        var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        Assert.Equal(new Fetched.Failed(FetchFault.Connection), await GetAsync(http, new Uri($"https://127.0.0.1:{port}/")));
    }

    private static async Task<Fetched> GetAsync(GuardedHttp http, Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await http.SendAsync(request, CancellationToken.None);
    }

    private static Task<IPAddress[]> Resolve(string name, CancellationToken ct) => name switch
    {
        "inside.example" => Task.FromResult<IPAddress[]>([IPAddress.Parse("192.168.1.10")]),
        "mixed.example" => Task.FromResult<IPAddress[]>([IPAddress.Parse("1.1.1.1"), IPAddress.IPv6Loopback]),
        _ => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
    };

    /// <summary>A server on this machine that says one thing, whatever it is asked.</summary>
    private sealed class OneAnswer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public OneAnswer(string answer)
        {
            _listener.Start();
            _ = ServeAsync(answer);
        }

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

        public void Dispose() => _listener.Stop();

        private async Task ServeAsync(string answer)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            var stream = client.GetStream();
            _ = await stream.ReadAsync(new byte[4096]);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        }
    }
}
