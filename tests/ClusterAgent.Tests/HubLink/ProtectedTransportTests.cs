using System.Net;
using CodeZero.ClusterAgent.HubLink;

namespace CodeZero.ClusterAgent.Tests.HubLink;

/// <summary>Whatever named the address, enrolment, discovery or a token endpoint: nothing goes over the network in clear text.</summary>
public sealed class ProtectedTransportTests
{
    [Theory]
    [InlineData("https://hub.example.com/agent/v1/enrol", false, true)]
    [InlineData("http://127.0.0.1:8080/agent/v1/enrol", false, true)]
    [InlineData("http://localhost/token", false, true)]
    [InlineData("http://[::1]:1/token", false, true)]
    [InlineData("http://hub.example.com/agent/v1/enrol", false, false)]
    [InlineData("http://localhost.example.com/token", false, false)]
    [InlineData("http://10.0.0.1/token", false, false)]
    [InlineData("http://10.0.0.1/token", true, true)]
    public async Task Plain_http_goes_to_this_machine_only_unless_the_clusters_owner_allows_more(string address, bool allowed, bool goes)
    {
        var sent = new Recorder();
        using var http = new HttpClient(new ProtectedTransport(sent, allowed));

        var refused = await Record.ExceptionAsync(() => http.GetAsync(new Uri(address)));

        Assert.Equal(goes, sent.Sent);
        if (goes)
            Assert.Null(refused);
        else
            Assert.Contains("--allow-insecure-hub", Assert.IsType<HubException>(refused).Message, StringComparison.Ordinal);
    }

    private sealed class Recorder : HttpMessageHandler
    {
        public bool Sent { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Sent = true;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
        }
    }
}
