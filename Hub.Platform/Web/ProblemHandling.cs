using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Npgsql;

namespace CodeZero.Hub.Platform.Web;

/// <summary>The one place where exceptions, bare status codes and validation errors become problem details.</summary>
internal static class ProblemHandling
{
    internal static void AddProblems(this IServiceCollection services)
    {
        services.AddSingleton<IProblemDetailsWriter, ProblemPage>(); // before the usual one, which writes JSON
        services.AddProblemDetails(options => options.CustomizeProblemDetails = Customize);
        services.AddExceptionHandler<ExceptionProblems>();
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(options => options.SerializerOptions.Converters.Add(
            new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false)));
    }

    internal static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }

    /// <summary>Answers what is no text: JSON in another encoding than UTF-8 (RFC 8259 §8.1), and a query to the API with a NUL, which the database would refuse in the middle of an answer.</summary>
    internal static void UseTextRules(this WebApplication app) => app.Use((context, next) =>
    {
        var request = context.Request;
        if (IsApi(request.Path) && request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true)
            return Nul().ExecuteAsync(context);
        if (!request.HasJsonContentType() || request.GetTypedHeaders().ContentType is not { Charset.Length: > 0 } type)
            return next(context);
        if (!HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return Problems.Create(StatusCodes.Status415UnsupportedMediaType, "media_type_not_supported", "JSON is sent as UTF-8. Leave the charset out.").ExecuteAsync(context);
        request.ContentType = type.MediaType.Value; // the framework knows no quotes around it
        return next(context);
    });

    /// <summary>400: PostgreSQL keeps every character but this one.</summary>
    internal static ProblemHttpResult Nul() => Problems.BadRequest("request.malformed", "A text in the request holds the character U+0000 (NUL), which cannot be kept. Leave it out.");

    private static bool IsApi(PathString path) => path.StartsWithSegments("/v1", StringComparison.Ordinal) || path.StartsWithSegments("/agent", StringComparison.Ordinal);

    /// <summary>Answers what no route of ours serves (404, 405, 415) before authorization would call it a missing permission.</summary>
    internal static void UseUnroutedAnswers(this WebApplication app) => app.Use((context, next) => context.GetEndpoint() switch
    {
        null => Problems.NotFound().ExecuteAsync(context),
        RouteEndpoint => next(context),
        var synthetic => synthetic.RequestDelegate!(context),
    });

    private static void Customize(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        if (problem is HttpValidationProblemDetails validation)
        {
            validation.Errors = validation.Errors.ToDictionary(error => CamelCase(error.Key), error => error.Value, StringComparer.Ordinal);
            Validation(problem);
        }
        var status = problem.Status ?? context.HttpContext.Response.StatusCode;
        if (status == 400 && problem.Detail is null && UnreadableQuery.Errors(context.HttpContext) is { Count: > 0 } errors)
        {
            problem.Extensions["errors"] = errors;
            Validation(problem);
        }
        problem.Detail ??= DetailOf(status, context.HttpContext);
        problem.Extensions.TryAdd("code", CodeOf(status));
    }

    private static void Validation(ProblemDetails problem)
    {
        problem.Extensions["code"] = "validation";
        problem.Detail ??= "Some fields are not acceptable. 'errors' says which and why.";
    }

    /// <summary>What to do about a refusal by the framework, which says none itself.</summary>
    private static string? DetailOf(int status, HttpContext context) => status switch
    {
        404 => Problems.NotFound().ProblemDetails.Detail,
        405 => $"This address is not served by {context.Request.Method}. 'Allow' says by what.",
        413 => "The body is larger than this address takes.",
        415 => "The body's media type is not one that this address takes. The API's description says which it does.",
        _ => null,
    };

    /// <summary><c>Address.PostCode</c> → <c>address.postCode</c>, as the field is written in JSON.</summary>
    internal static string CamelCase(string path) => string.Join('.', path.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));

    private static string CodeOf(int status) => status switch
    {
        400 => "bad_request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        413 => "body_too_large",
        415 => "media_type_not_supported",
        >= 500 => "internal",
        _ => string.Create(CultureInfo.InvariantCulture, $"http_{status}"),
    };
}

/// <summary>The one handler that catches <see cref="Exception"/> in request code. It never shows an exception's details, except of the request's own form.</summary>
internal sealed partial class ExceptionProblems(ILogger<ExceptionProblems> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }
        await Describe(context, exception).ExecuteAsync(context);
        return true;
    }

    private ProblemHttpResult Describe(HttpContext context, Exception exception)
    {
        if (exception is BadHttpRequestException bad)
            return Problems.Create(bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "body_too_large" : "request.malformed", Describe(bad));
        if (exception is InvalidCursorException cursor)
            return Problems.Invalid("cursor", cursor.Message);
        // Some text of the request went to the database as it was.
        if (exception.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter })
            return ProblemHandling.Nul();
        if (Unavailable.Find(exception) is { } unavailable)
        {
            UnavailableNow(log, unavailable.Code, exception);
            context.Response.Headers.RetryAfter = "5";
            return Problems.Create(StatusCodes.Status503ServiceUnavailable, unavailable.Code, unavailable.Detail);
        }
        Unexpected(log, context.Request.Method, context.GetEndpoint()?.DisplayName, exception);
        return Problems.Create(StatusCodes.Status500InternalServerError, "internal",
            "Something went wrong in the Hub, and was recorded. Try again; if it stays, report the traceId.");
    }

    private static string Describe(BadHttpRequestException bad) => bad.InnerException is JsonException json
        ? string.Create(CultureInfo.InvariantCulture, $"The body is not the JSON this address takes: at {json.Path ?? "$"}, line {json.LineNumber + 1 ?? 1}, byte {json.BytePositionInLine + 1 ?? 1}.")
        : bad.Message;

    [LoggerMessage(9001, LogLevel.Warning, "Answered 503 {Code}")]
    private static partial void UnavailableNow(ILogger log, string code, Exception exception);

    [LoggerMessage(9002, LogLevel.Error, "Unexpected failure in {Method} {Endpoint}")]
    private static partial void Unexpected(ILogger log, string method, string? endpoint, Exception exception);
}
