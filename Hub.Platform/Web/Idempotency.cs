using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Platform.Web;

/// <summary>
/// <c>Idempotency-Key</c> on POST: the same caller, address and key within 24 hours get the first answer again instead of a second effect. Kept are answers below 400;
/// a refusal changed nothing and may be tried again. Another request under the key: 422. The first one still under way: 409.
/// </summary>
internal static class Idempotency
{
    internal const string Header = "Idempotency-Key";
    private const int MaxKeyLength = 255;
    private const int MaxKeptBytes = 256 * 1024;

    internal static void AddIdempotency(this IServiceCollection services) => services.AddSingleton<IdempotencyStore>();

    internal static void UseIdempotency(this WebApplication app)
    {
        var store = app.Services.GetRequiredService<IdempotencyStore>();
        app.Use((context, next) => HttpMethods.IsPost(context.Request.Method) && context.Request.Headers.ContainsKey(Header) && context.GetEndpoint()?.Metadata.GetMetadata<OwnRepetition>() is null
            ? HandleAsync(context, next, store) : next(context));
    }

    /// <summary>Notes in the handler's own transaction that the request is carried out; see <see cref="IdempotencyStore"/>.</summary>
    /// <returns>Null; or the refusal, when a repetition took the key over and was faster: the transaction must then not be committed.</returns>
    internal static async Task<ProblemHttpResult?> MarkCarriedOutAsync(HttpContext context, DbContext db, CancellationToken ct) =>
        context.Features.Get<IdempotentRequest>() is { } request && !await IdempotencyStore.MarkCarriedOutAsync(db, request.Id, ct)
            ? Refuse(context, IdempotencyStore.InProgress)
            : null;

    private static async Task HandleAsync(HttpContext context, RequestDelegate next, IdempotencyStore store)
    {
        var header = context.Request.Headers[Header];
        if (header.Count != 1 || header[0] is not { Length: > 0 and <= MaxKeyLength } key || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            await Problems.BadRequest("idempotency.key_malformed", $"Idempotency-Key must be one value of 1 to {MaxKeyLength} visible ASCII characters, such as a UUID.").ExecuteAsync(context);
            return;
        }
        var request = new IdempotentRequest(IdOf(context, key), await HashAsync(context.Request, context.RequestAborted));
        switch (await store.BeginAsync(request, context.RequestAborted))
        {
            case IdempotencyState.Ours:
                context.Features.Set(request);
                await CarryOutAsync(context, next, store, request);
                break;
            case IdempotencyState.Answered answered:
                await answered.Answer.WriteAsync(context);
                break;
            case IdempotencyState.Refused refused:
                await Refuse(context, refused).ExecuteAsync(context);
                break;
        }
    }

    private static ProblemHttpResult Refuse(HttpContext context, IdempotencyState.Refused refused)
    {
        context.Response.Headers.RetryAfter = refused.RetryAfterSeconds;
        return Problems.Create(refused.Status, refused.Code, refused.Detail);
    }

    private static async Task CarryOutAsync(HttpContext context, RequestDelegate next, IdempotencyStore store, IdempotentRequest request)
    {
        var client = context.Response.Body;
        using var buffer = new MemoryStream();
        context.Response.Body = buffer;
        var kept = false;
        try
        {
            await next(context);
            if (context.Response.StatusCode < StatusCodes.Status400BadRequest && buffer.Length <= MaxKeptBytes)
            {
                await store.KeepAsync(request, KeptAnswer.Of(context.Response, buffer), CancellationToken.None); // the caller may have gone; the effect has not
                kept = true;
            }
        }
        finally
        {
            context.Response.Body = client;
            if (!kept)
                await store.ForgetAsync(request, CancellationToken.None);
        }
        buffer.Position = 0;
        await buffer.CopyToAsync(client, context.RequestAborted);
    }

    private static byte[] IdOf(HttpContext context, string key) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{context.User.FindFirstValue("sub") ?? "anonymous"}\n{context.Request.Path}\n{key}"));

    private static async Task<byte[]> HashAsync(HttpRequest request, CancellationToken ct)
    {
        request.EnableBuffering();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.QueryString}\n{request.ContentType}\n"));
        var chunk = new byte[16 * 1024];
        while (await request.Body.ReadAsync(chunk, ct) is > 0 and var read)
            hash.AppendData(chunk, 0, read);
        request.Body.Position = 0;
        return hash.GetHashAndReset();
    }
}

/// <summary>On an endpoint whose protocol says itself what a repetition means, such as a second use of an authorization code: <c>Idempotency-Key</c> has no effect there.</summary>
public sealed record OwnRepetition;

/// <summary>A request with an <c>Idempotency-Key</c>.</summary>
/// <param name="Id">Hash over caller, address and key.</param>
/// <param name="Content">Hash over query, content type and body.</param>
internal sealed record IdempotentRequest(byte[] Id, byte[] Content);
