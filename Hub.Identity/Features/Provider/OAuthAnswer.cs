using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Features;

/// <summary>Answers of the protocol's endpoints: JSON that nobody may keep (RFC 6749 §5.1, §5.2).</summary>
internal sealed partial class OAuthAnswer : IResult
{
    private readonly int _status;
    private readonly Func<HttpResponse, Task>? _write;
    private readonly OAuthError? _error;
    private readonly bool _challenge;

    private OAuthAnswer(int status, Func<HttpResponse, Task>? write = null, OAuthError? error = null, bool challenge = false) => (_status, _write, _error, _challenge) = (status, write, error, challenge);

    public static OAuthAnswer Ok<T>(T body, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        new(status, response => response.WriteAsJsonAsync(body, type, cancellationToken: response.HttpContext.RequestAborted));

    /// <summary>200 without a body.</summary>
    public static OAuthAnswer Empty { get; } = new(StatusCodes.Status200OK);

    public static OAuthAnswer Of(TokenResponse tokens) => Ok(tokens, Json.Default.TokenResponse);

    /// <summary>§5.2. A client that tried the Authorization header is told the scheme again.</summary>
    public static OAuthAnswer Refuse(OAuthError error, HttpRequest request)
    {
        var status = error switch
        {
            { RetryAfter: not null } => StatusCodes.Status429TooManyRequests,
            { Code: "invalid_client" } => StatusCodes.Status401Unauthorized,
            _ => StatusCodes.Status400BadRequest,
        };
        return new(status, response => WriteAsync(response, error), error,
            challenge: status == StatusCodes.Status401Unauthorized && request.Headers.Authorization.Count > 0);
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = _status;
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
        if (_error?.RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (_challenge)
            response.Headers.WWWAuthenticate = "Basic realm=\"codezero\"";
        return _write?.Invoke(response) ?? Task.CompletedTask;
    }

    /// <summary>The body of an error.</summary>
    public static Task WriteAsync(HttpResponse response, OAuthError error) =>
        response.WriteAsJsonAsync(new ErrorBody(error.Code, error.Description), Json.Default.ErrorBody, cancellationToken: response.HttpContext.RequestAborted);

    internal sealed record ErrorBody(string Error, string ErrorDescription);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(ErrorBody))]
    [JsonSerializable(typeof(TokenResponse))]
    [JsonSerializable(typeof(JsonObject))]
    [JsonSerializable(typeof(PushAuthorization.Response), TypeInfoPropertyName = "PushAuthorizationResponse")]
    [JsonSerializable(typeof(AuthorizeDevice.Response), TypeInfoPropertyName = "AuthorizeDeviceResponse")]
    internal sealed partial class Json : JsonSerializerContext;
}
