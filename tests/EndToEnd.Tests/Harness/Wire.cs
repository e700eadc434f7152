using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>A request as it went over the wire.</summary>
public sealed record SentRequest(string Method, string PathAndQuery, IReadOnlyList<KeyValuePair<string, string[]>> Headers, byte[] Body)
{
    public string Path => PathAndQuery.Split('?')[0];
}

/// <summary>An answer as it went over the wire.</summary>
public sealed record SentAnswer(int Status, IReadOnlyList<KeyValuePair<string, string[]>> Headers, byte[] Body);

/// <summary>
/// The network between everybody and the Hub, on an address that stays when the Hub goes and comes. It passes bytes on as they are, and can be in an attacker's hand.
/// </summary>
internal sealed class Wire : IAsyncDisposable
{
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase) { "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Host", "Upgrade" };

    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _hub = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private CancellationTokenSource _cut = new();
    private volatile Uri? _target;

    private Wire(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>Answers in the Hub's place, or passes on (the second argument) and changes what comes back. Null: passes on everything.</summary>
    public Func<SentRequest, Func<Task<SentAnswer>>, Task<SentAnswer>>? Attacker { get; set; }

    /// <summary>What was asked, newest last.</summary>
    public ConcurrentQueue<SentRequest> Requests { get; } = new();

    public static async Task<Wire> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.ClearProviders();
        var wire = new Wire(builder.Build());
        wire._app.Run(wire.CarryAsync);
        await wire._app.StartAsync();
        wire.Address = new(wire._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return wire;
    }

    /// <summary>Leads to the Hub at this address from now on.</summary>
    public void Connect(Uri hub)
    {
        _cut = new();
        _target = hub;
    }

    /// <summary>Nobody is at the other end any more: requests under way are lost, new ones are refused.</summary>
    public async Task CutAsync()
    {
        _target = null;
        await _cut.CancelAsync();
    }

    /// <summary>Sends a request to the Hub as it is, as somebody who has the network could.</summary>
    public Task<SentAnswer> SendAsync(SentRequest request, CancellationToken ct = default) =>
        ForwardAsync(request, _target ?? throw new InvalidOperationException("The wire is cut."), ct);

    public async ValueTask DisposeAsync()
    {
        await CutAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _hub.Dispose();
    }

    private async Task CarryAsync(HttpContext context)
    {
        var request = await ReadAsync(context.Request);
        Requests.Enqueue(request);
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _cut.Token);
        try
        {
            Task<SentAnswer> PassOn() => SendAsync(request, lost.Token);
            var attacker = Attacker;
            var answer = attacker is null ? await PassOn() : await attacker(request, PassOn);
            // A question that was being held when the attack began is answered during it.
            if (attacker is null && Attacker is { } later)
                answer = await later(request, () => Task.FromResult(answer));
            context.Response.StatusCode = answer.Status;
            foreach (var (name, values) in answer.Headers)
                context.Response.Headers[name] = values;
            // There are answers that must have no body, not even an empty one.
            if (answer.Body.Length > 0)
                await context.Response.Body.WriteAsync(answer.Body, lost.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or InvalidOperationException)
        {
            context.Abort();
        }
    }

    private static async Task<SentRequest> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return new(request.Method, request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, [.. request.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.OfType<string>().ToArray()))], body.ToArray());
    }

    private async Task<SentAnswer> ForwardAsync(SentRequest request, Uri hub, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(new(request.Method), new Uri(hub, request.PathAndQuery)) { Version = HttpVersion.Version11 };
        if (request.Body.Length > 0)
            message.Content = new ByteArrayContent(request.Body);
        foreach (var (name, values) in request.Headers)
            if (!HopByHop.Contains(name) && !message.Headers.TryAddWithoutValidation(name, values))
                message.Content?.Headers.TryAddWithoutValidation(name, values);
        message.Headers.Host = Address.Authority;
        using var response = await _hub.SendAsync(message, ct);
        return new(
            (int)response.StatusCode,
            [.. response.Headers.Concat(response.Content.Headers).Where(header => !HopByHop.Contains(header.Key)).Select(header => KeyValuePair.Create(header.Key, header.Value.ToArray()))],
            await response.Content.ReadAsByteArrayAsync(ct));
    }
}
