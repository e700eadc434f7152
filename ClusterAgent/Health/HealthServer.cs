using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.Health;

/// <summary>
/// The one port the agent listens on: <c>GET /healthz</c> answers 200 while the process runs, <c>GET /readyz</c> answers 200 once the Apps of the cluster
/// are known and 503 before. Nothing else is answered, and nothing that is asked is read.
/// </summary>
internal sealed partial class HealthServer(int port, Func<bool> isReady, ILogger<HealthServer> log)
{
    public async Task RunAsync(CancellationToken ct)
    {
        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://*:{port}/");
        listener.TimeoutManager.IdleConnection = TimeSpan.FromSeconds(30);
        listener.Start();
        Listening(log, port);
        await using var stop = ct.Register(listener.Stop);
        while (!ct.IsCancellationRequested)
            try
            {
                Answer(await listener.GetContextAsync());
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                // The asker is gone, or the listener was stopped.
            }
    }

    private void Answer(HttpListenerContext context)
    {
        var (status, text) = (context.Request.HttpMethod, context.Request.Url?.AbsolutePath) switch
        {
            ("GET" or "HEAD", "/healthz") => (HttpStatusCode.OK, "ok"),
            ("GET" or "HEAD", "/readyz") => isReady() ? (HttpStatusCode.OK, "ok") : (HttpStatusCode.ServiceUnavailable, "the Apps of the cluster are not known yet"),
            _ => (HttpStatusCode.NotFound, "not found"),
        };
        using var response = context.Response;
        response.StatusCode = (int)status;
        response.ContentType = "text/plain";
        response.Close(context.Request.HttpMethod == "HEAD" ? [] : Encoding.UTF8.GetBytes(text), willBlock: false);
    }

    [LoggerMessage(6040, LogLevel.Information, "Health is answered on port {Port}")]
    private static partial void Listening(ILogger log, int port);
}
