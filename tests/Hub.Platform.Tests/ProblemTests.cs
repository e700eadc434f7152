using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using CodeZero.Hub.Platform.Tests.Probe;
using CodeZero.Testing;

namespace CodeZero.Hub.Platform.Tests;

public sealed class ProblemTests(ProbeFixture probe) : IClassFixture<ProbeFixture>, IDisposable
{
    private readonly HttpClient _client = probe.CreateClient();
    private readonly Uri _things = new($"/probe/{Guid.CreateVersion7()}/things", UriKind.Relative);

    [Fact]
    public async Task Validation_names_the_fields_as_they_are_written_in_JSON()
    {
        var answer = await _client.PostAsJsonAsync(_things, new { name = new string('x', 21), size = new { widthMetres = 10 } });
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("validation", problem.GetProperty("code").GetString());
        Assert.NotEmpty(problem.GetProperty("traceId").GetString()!);
        Assert.Equal(["name", "size.widthMetres"], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order());
    }

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=101", "limit")]
    [InlineData("?limit=ten", "limit")]
    [InlineData("?limit=1&limit=2", "limit")]
    [InlineData("?cursor=made-up", "cursor")]
    [InlineData("?cursor=WyIxIiwieCJd", "cursor")]
    public async Task A_wrong_page_is_refused_naming_the_parameter(string query, string field)
    {
        var answer = await _client.GetAsync(new Uri(_things + query, UriKind.Relative));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(field, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Malformed_JSON_is_told_its_place()
    {
        using var content = new StringContent("{\n  \"name\": \"x\",,\n}", Encoding.UTF8, "application/json");

        var answer = await _client.PostAsync(_things, content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("request.malformed", problem.GetProperty("code").GetString());
        Assert.Contains("line 2", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    /// <summary>PostgreSQL keeps no NUL in texts: one in a field that nobody had thought to check was answered with 500.</summary>
    [Fact]
    public async Task A_text_that_the_database_cannot_keep_is_the_callers_fault()
    {
        var answer = await _client.PostAsJsonAsync(_things, new { name = "a\0b" });

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("request.malformed", await answer.CodeAsync());
    }

    [Fact]
    public async Task A_body_past_the_limit_is_refused()
    {
        using var content = new StringContent($$"""{"name":"{{new string('x', 2 << 20)}}"}""", Encoding.UTF8, "application/json");

        Assert.Equal("body_too_large", await (await _client.PostAsync(_things, content)).CodeAsync());
    }

    [Fact]
    public async Task An_unexpected_failure_shows_no_details()
    {
        var answer = await _client.GetAsync(new Uri("/probe/boom", UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("\"code\":\"internal\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret detail", text, StringComparison.Ordinal);
        Assert.DoesNotContain("InvalidOperation", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/no/such/route", 404, "not_found")]
    [InlineData("DELETE", "/probe/me", 405, "method_not_allowed")]
    public async Task What_is_not_there_is_told_to_everybody_alike(string method, string path, int status, string code)
    {
        using var anonymous = probe.Hub.CreateClient();
        foreach (var client in new[] { anonymous, _client })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            var answer = await client.SendAsync(request);

            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal(code, await answer.CodeAsync());
        }
    }

    [Theory]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true)]
    [InlineData("text/html;q=0.9,application/json;q=0.8", true)]
    [InlineData("application/json,text/html", false)]
    [InlineData("application/problem+json;q=0.5,text/html;q=0.4", false)]
    [InlineData("text/html;q=0,*/*", false)]
    [InlineData("*/*", false)]
    [InlineData("nonsense", false)]
    [InlineData("", false)]
    public async Task A_browser_is_refused_by_a_page_and_a_program_by_problem_details(string accept, bool page)
    {
        foreach (var (path, status) in new[] { ("/nope", HttpStatusCode.NotFound), ("/probe/boom", HttpStatusCode.InternalServerError) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Accept", accept);
            var answer = await _client.SendAsync(request);

            Assert.Equal(status, answer.StatusCode);
            Assert.Equal(page ? "text/html" : "application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task The_page_runs_nothing_loads_nothing_but_its_style_and_repeats_nothing_unescaped()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_things + "?cursor=%3Cscript%3E", UriKind.Relative));
        request.Headers.Accept.ParseAdd("text/html");
        var answer = await _client.SendAsync(request);
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("default-src 'none'; style-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'", answer.Header("Content-Security-Policy"));
        Assert.Contains("Some fields are not acceptable", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        var style = await _client.GetAsync(new Uri(html.Split("rel=\"stylesheet\" href=\"")[1].Split('"')[0], UriKind.Relative));
        Assert.Equal((HttpStatusCode.OK, "text/css"), (style.StatusCode, style.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task Every_answer_carries_the_strict_headers()
    {
        var answer = await _client.GetAsync(new Uri("/probe/me", UriKind.Relative));

        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.Equal("default-src 'none'; frame-ancestors 'none'", answer.Header("Content-Security-Policy"));
        Assert.Equal("no-referrer", answer.Header("Referrer-Policy"));
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task With_the_database_gone_it_is_503_with_RetryAfter_and_recovers_without_a_restart()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var database = await ProbeFixture.CreateDatabaseAsync(server);
        await using var hub = await probe.StartHubAsync(database: database);
        using var client = probe.CreateClient(hub: hub);
        var readyz = new Uri("/readyz", UriKind.Relative);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(_things)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(readyz)).StatusCode);

        await server.StopAsync();
        var gone = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.GetAsync(_things)));
        var notReady = await client.GetAsync(readyz);
        var alive = await client.GetAsync(new Uri("/healthz", UriKind.Relative));
        await server.StartAsync();

        Assert.All(gone, answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode));
        Assert.Equal("database.unavailable", await gone[0].CodeAsync());
        Assert.Equal("5", gone[0].Header("Retry-After"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, notReady.StatusCode);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        await Eventually.HoldsAsync(async () => (await client.GetAsync(_things)).IsSuccessStatusCode && (await client.GetAsync(readyz)).IsSuccessStatusCode);
    }

    public void Dispose() => _client.Dispose();
}
