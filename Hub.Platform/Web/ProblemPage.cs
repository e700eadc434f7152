using System.Diagnostics;
using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Platform.Web;

/// <summary>A refusal as a page, for whoever typed the address into a browser: it asks for <c>text/html</c> before any JSON. Everybody else gets problem details.</summary>
internal sealed class ProblemPage(IOptions<ProblemDetailsOptions> options) : IProblemDetailsWriter
{
    private const string Policy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

    public bool CanWrite(ProblemDetailsContext context) => PrefersPage(context.HttpContext.Request.GetTypedHeaders().Accept);

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (response, problem) = (context.HttpContext.Response, context.ProblemDetails);
        problem.Status ??= response.StatusCode;
        problem.Title ??= ReasonPhrases.GetReasonPhrase(problem.Status.Value);
        problem.Extensions.TryAdd("traceId", Activity.Current?.Id ?? context.HttpContext.TraceIdentifier);
        options.Value.CustomizeProblemDetails?.Invoke(context);
        response.ContentType = $"{MediaTypeNames.Text.Html}; charset=utf-8";
        response.Headers.ContentSecurityPolicy = Policy;
        await response.WriteAsync(Of(problem), Encoding.UTF8, context.HttpContext.RequestAborted);
    }

    /// <summary>Whether HTML is asked for by name, and no kind of JSON as much.</summary>
    internal static bool PrefersPage(IEnumerable<MediaTypeHeaderValue> accept)
    {
        var kinds = accept.ToList();
        var html = Quality(kinds.Where(kind => kind.MediaType.Equals(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase)));
        var json = Quality(kinds.Where(kind => kind.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
            && (kind.MatchesAllSubTypes || kind.SubTypeWithoutSuffix.Equals("json", StringComparison.OrdinalIgnoreCase) || kind.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))));
        return html > json;
    }

    private static double Quality(IEnumerable<MediaTypeHeaderValue> kinds) => kinds.Select(kind => kind.Quality ?? 1).DefaultIfEmpty(0).Max();

    private static string Of(ProblemDetails problem)
    {
        var title = problem.Status == StatusCodes.Status404NotFound ? "There is nothing here" : "This did not work";
        var facts = new[] { problem.Status?.ToString(CultureInfo.InvariantCulture), Member(problem, "code"), Member(problem, "traceId") };
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
              <meta charset="utf-8">
              <meta name="viewport" content="width=device-width, initial-scale=1">
              <meta name="color-scheme" content="light dark">
              <title>{title} – CodeZero Hub</title>
              <link rel="stylesheet" href="{Asset.Stylesheet.Address}">
              <link rel="icon" href="data:,">
            </head>
            <body>
              <div class="page">
                <header>
                  <a class="brand" href="/">
                    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="8"></rect><ellipse cx="16" cy="16" rx="6.5" ry="9"></ellipse></svg>
                    <span>CodeZero <span class="product">Hub</span></span>
                  </a>
                </header>
                <main class="card">
                  <h1>{title}</h1>
                  <p class="alert" role="alert">{Text(problem.Detail ?? problem.Title)}</p>
                  <p class="aside">{Text(string.Join(" · ", facts))}</p>
                  <p class="actions"><a class="button quiet" href="/">To the start</a></p>
                </main>
                <footer class="foot">Applications for your own clusters, approved by you.</footer>
              </div>
            </body>
            </html>

            """;
    }

    private static string? Member(ProblemDetails problem, string name) => problem.Extensions.TryGetValue(name, out var value) ? value?.ToString() : null;

    private static string Text(string? text) => HtmlEncoder.Default.Encode(text ?? "");
}
