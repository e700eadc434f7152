using System.Net;
using System.Text.Json;

namespace CodeZero.Architecture.Tests;

/// <summary>The API's description is checked in, so that a change of the API is seen in review.</summary>
public sealed class OpenApiTests(HubUnderTest hub) : IClassFixture<HubUnderTest>
{
    private const string UpdateVariable = "CODEZERO_UPDATE_OPENAPI";
    private static readonly string File = Path.Combine(Repository.Root, "Hub.Api", "openapi.v1.json");
    private static readonly Uri Document = new("/openapi/v1.json", UriKind.Relative);

    [Fact]
    public async Task The_document_is_the_one_that_is_checked_in()
    {
        using var client = hub.Hub.CreateClient();
        var document = await client.GetStringAsync(Document) + "\n";
        if (Environment.GetEnvironmentVariable(UpdateVariable) is { Length: > 0 })
            await System.IO.File.WriteAllTextAsync(File, document);

        Assert.True(document == await System.IO.File.ReadAllTextAsync(File),
            $"The API is not as {File} describes it. If the change is meant, run the tests of this class with {UpdateVariable}=1 and commit the file.");
    }

    [Fact]
    public async Task Every_operation_has_a_name_of_its_own_and_says_how_it_refuses()
    {
        using var client = hub.Hub.CreateClient();
        using var document = JsonDocument.Parse(await client.GetStringAsync(Document));
        var operations = document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(operation => operation.Value).ToList();

        Assert.NotEmpty(operations);
        Assert.Equal(operations.Count, operations.Select(operation => operation.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.All(operations, operation => Assert.True(operation.GetProperty("responses").GetProperty("default").GetProperty("content").TryGetProperty("application/problem+json", out _)));
    }

    [Fact]
    public async Task Every_operation_says_in_one_line_of_its_own_what_it_does()
    {
        using var client = hub.Hub.CreateClient();
        using var document = JsonDocument.Parse(await client.GetStringAsync(Document));
        var summaries = (from path in document.RootElement.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            select (Operation: $"{operation.Name} {path.Name}", Summary: operation.Value.TryGetProperty("summary", out var summary) ? summary.GetString() : null)).ToList();

        Findings.None(summaries.Where(one => string.IsNullOrWhiteSpace(one.Summary) || one.Summary.Length > 80 || one.Summary.Contains('\n', StringComparison.Ordinal)).Select(one => one.Operation));
        Findings.None(summaries.GroupBy(one => one.Summary).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(one => one.Operation))}"));
    }

    [Fact]
    public async Task The_page_to_try_it_is_there()
    {
        using var client = hub.Hub.CreateClient();

        var page = await client.GetAsync(new Uri("/docs/index.html", UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("default-src 'self'", string.Join("", page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }
}
