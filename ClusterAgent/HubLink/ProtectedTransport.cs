namespace CodeZero.ClusterAgent.HubLink;

/// <summary>
/// Sends nothing to a Hub over plain http, except on this machine: enrolment tokens, sealed answers and reports are nobody else's to read. Whoever owns the cluster may
/// allow it for development (<c>--allow-insecure-hub</c>); no answer of a Hub can.
/// </summary>
internal sealed class ProtectedTransport(HttpMessageHandler transport, bool allowInsecure) : DelegatingHandler(transport)
{
    public const string Refused = "hub.insecure";

    /// <exception cref="HubException">The address is plain http, on another machine.</exception>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        allowInsecure || request.RequestUri!.Scheme == Uri.UriSchemeHttps || request.RequestUri.IsLoopback
            ? base.SendAsync(request, cancellationToken)
            : throw new HubException(default, Refused, $"{request.RequestUri.GetLeftPart(UriPartial.Authority)} is plain http, which others on the way can read and alter. "
                + "Give the Hub an https address (Hub:PublicUrl) and join the cluster anew; for development only, start the agent with --allow-insecure-hub.", null);
}
