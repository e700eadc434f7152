using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace CodeZero.Architecture.Tests.BadInput;

/// <summary>
/// Bad input to every route gets the standard refusal: never a 500, never an exception's text, never a hang. Routes and their parameters are found, not listed; each
/// parameter is left out, repeated, and given values of <see cref="BadValues"/> (every one with <c>CODEZERO_BAD_INPUT=all</c>), and each request is else a right one. A finding
/// shows the request as it was sent.
/// </summary>
public sealed partial class BadInputTests(BadInputFixture hub, ITestOutputHelper output) : IClassFixture<BadInputFixture>
{
    /// <summary>Of the bad values of one parameter, so many are drawn, always the same ones; and as many of the changes that any route can be sent.</summary>
    private const int Drawn = 4;

    private const int Connections = 8, Shown = 25;

    /// <summary>Every bad value for every parameter, some 40,000 requests.</summary>
    private static readonly bool Everything = Environment.GetEnvironmentVariable("CODEZERO_BAD_INPUT") == "all";

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    /// <summary>What the server may say of a request that it cannot even read; the Hub never sees those.</summary>
    private static readonly int[] Unreadable = [StatusCodes.Status400BadRequest, StatusCodes.Status404NotFound, StatusCodes.Status405MethodNotAllowed, StatusCodes.Status408RequestTimeout, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status414UriTooLong, StatusCodes.Status431RequestHeaderFieldsTooLarge, StatusCodes.Status505HttpVersionNotsupported];

    private static readonly string[] ProblemMembers = ["code", "title", "traceId", "detail"], ScimMembers = ["code", "traceId", "detail"], ErrorMembers = ["error", "error_description"];

    [Fact]
    public Task Anybody_gets_the_standard_refusal_for_bad_input() => AskAsync(hub.Nobody, _ => true);

    [Fact]
    public Task The_owner_gets_the_standard_refusal_for_bad_input() => AskAsync(hub.Owner, operation => !operation.IsOfAgents);

    [Fact]
    public Task The_agent_gets_the_standard_refusal_for_bad_input() => AskAsync(hub.Agent, operation => operation.IsOfAgents);

    /// <summary>It was 500 from every route that takes JSON, for anybody.</summary>
    [Theory]
    [InlineData("none", 415)]
    [InlineData("utf-16", 415)]
    [InlineData("\"UTF-8\"", 202)]
    public async Task JSON_in_another_encoding_than_UTF_8_is_refused(string charset, int status)
    {
        using var client = hub.Hub.CreateClient();
        using var body = new ByteArrayContent("""{"email":"somebody-else@example.com"}"""u8.ToArray());
        body.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={charset}");

        Assert.Equal(status, (int)(await client.PostAsync("/v1/signup", body)).StatusCode);
    }

    /// <summary>It was 500: the pages' own filters were served as handlers of a method named PAGE.</summary>
    [Fact]
    public async Task A_pages_filter_is_no_handler() =>
        Assert.All((await OperationsAsync()).Where(operation => operation.IsPage), operation => Assert.True(operation.Method is "GET" or "POST", operation.Name));

    /// <summary>It was 500 for each form that the framework could not read, and it read kinds of forms that the protocol does not know.</summary>
    [Theory]
    [InlineData("application/x-www-form-urlencoded", "access_token=a%00b", 400)]
    [InlineData("application/x-www-form-urlencoded", "access_token=", 400)]
    [InlineData("application/x-www-form-urlencoded", "other=b", 200)]
    [InlineData("multipart/form-data", "--x", 200)]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a", 200)]
    public async Task Userinfo_looks_for_a_second_token_in_forms_of_the_protocol_alone(string type, string form, int status)
    {
        using var person = await hub.SignUpAsync();
        using var body = new StringContent(form);
        body.Headers.Remove("Content-Type");
        body.Headers.TryAddWithoutValidation("Content-Type", type);

        Assert.Equal(status, (int)(await person.Client.PostAsync("/connect/userinfo", body)).StatusCode);
    }

    /// <summary>It was 500: a part of a body that is kept as JSON was taken for text before it was looked at.</summary>
    [Fact]
    public async Task An_approval_that_is_no_UTF_8_is_refused()
    {
        using var person = await hub.SignUpAsync();
        using var body = new ByteArrayContent([.. "{\"install\":\"0190b3c4-0000-7000-8000-000000000000\",\"envelope\":{\"payload\":\""u8, 0xFF, .. "\"}}"u8]);
        body.Headers.ContentType = new("application/json");

        var answer = await person.Client.PostAsync($"/v1/orgs/{person.Slug}/clusters/any/approvals", body);

        Assert.Equal(StatusCodes.Status422UnprocessableEntity, (int)answer.StatusCode);
    }

    /// <summary>The answer had begun when the database refused, and the connection was cut.</summary>
    [Fact]
    public async Task A_question_with_a_NUL_is_refused_before_an_answer_begins()
    {
        using var person = await hub.SignUpAsync();

        var answer = await person.Client.GetAsync($"/v1/orgs/{person.Slug}/audit/export?actor=a%00b");

        Assert.Equal(StatusCodes.Status400BadRequest, (int)answer.StatusCode);
        Assert.Contains("request.malformed", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>The refusal came without the headers that every answer has.</summary>
    [Fact]
    public async Task Who_asks_under_another_host_name_is_answered_with_all_headers()
    {
        using var client = hub.Hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/apps") { Headers = { Host = "evil.example" } };

        var answer = await client.SendAsync(request);

        Assert.Equal(StatusCodes.Status400BadRequest, (int)answer.StatusCode);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    private async Task AskAsync(Asker asker, Func<Operation, bool> which)
    {
        var operations = (await OperationsAsync()).Where(which).ToList();
        var (findings, count, started) = (new List<Finding>(), 0, Stopwatch.GetTimestamp());
        foreach (var phase in operations.GroupBy(PhaseOf).OrderBy(phase => phase.Key))
        {
            var requests = phase.SelectMany(operation => RequestsTo(operation, asker, operations)).ToList();
            count += requests.Count;
            findings.AddRange(await SendAsync(requests, asker));
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{asker.Who}: {count} requests to {operations.Count} operations in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
        Findings.None(
        [
            .. findings.GroupBy(finding => (finding.Change, finding.Fault)).Select(same => $"{asker.Who}, {same.Key.Change}: {same.Key.Fault} {string.Join(", ", same.Select(finding => finding.Operation).Distinct())}\n{same.First().Detail}").Take(Shown),
            .. hub.Errors.Select(error => $"The Hub recorded an error: {error}").Take(Shown),
        ]);
        Assert.True(count > operations.Count * Drawn, $"Only {count} requests.");
    }

    private async Task<IReadOnlyList<Operation>> OperationsAsync()
    {
        using var client = hub.Hub.CreateClient();
        return await Operation.FindAllAsync(hub.Endpoints, hub.Hub.Services, JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json"))!);
    }

    /// <param name="Detail">The answer, and the request as it was sent, but for what shows who asks.</param>
    private sealed record Finding(string Operation, string Change, string Fault, string Detail);

    /// <summary>What takes away what the others need comes last, and of that what takes away most.</summary>
    private static int PhaseOf(Operation operation) => operation switch
    {
        { Template: "/v1/me/sessions", Method: "DELETE" } => 20,
        { Method: "DELETE" } => 18 - operation.Template.Count(character => character == '/'),
        { Template: "/signout" or "/account/data/delete" or "/account/sessions" or "/reauthenticate" or "/account/password" or "/account/email", Method: "POST" } => 2,
        { Template: "/v1/orgs/{org}/transfer" } => 2,
        { IsPage: true } => 1,
        _ => 0,
    };

    private static IEnumerable<(Operation Operation, Change Change)> RequestsTo(Operation operation, Asker asker, IReadOnlyList<Operation> all)
    {
        var known = all.Where(other => other.Template.Split('?')[0] == operation.Template.Split('?')[0]).Select(other => other.Method).ToList();
        IEnumerable<IEnumerable<Change>> own =
        [
            .. operation.Path.Select(BadValues.OfPath), .. operation.Query.Select(BadValues.OfQuery), .. operation.Headers.Select(BadValues.OfHeader), .. operation.Fields?.Select(BadValues.OfForm) ?? [],
            .. operation.Json is { } json ? BadValues.OfJson(json) : [], operation.Method is "GET" or "DELETE" ? [] : BadValues.OfBodies,
        ];
        // Who may not call it is told so before anything else is read.
        var changes = operation.IsOpen || asker.Who != "nobody" ? own : own.Take(1);
        var random = new Random(operation.Name.Aggregate(17, (hash, character) => unchecked((hash * 31) + character)));
        return changes.Append(BadValues.OfHeaders.Concat(BadValues.OfRepeatedHeaders).Concat(BadValues.OfMethods(known))).SelectMany(of => Draw(of, random))
            .Prepend(new("nothing changed", _ => { })).Select(change => (operation, change));
    }

    private static IEnumerable<Change> Draw(IEnumerable<Change> of, Random random)
    {
        var changes = of.ToArray();
        if (!Everything)
            random.Shuffle(changes);
        return changes.Take(Everything ? changes.Length : Drawn);
    }

    private async Task<IReadOnlyList<Finding>> SendAsync(List<(Operation Operation, Change Change)> requests, Asker asker)
    {
        var (findings, next) = (new System.Collections.Concurrent.ConcurrentQueue<Finding>(), -1);
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            using var http = new RawHttp(hub.Hub.Address);
            while (Interlocked.Increment(ref next) is var i && i < requests.Count)
                if (await TryAsync(http, asker, requests[i].Operation, requests[i].Change) is { } finding)
                    findings.Enqueue(finding);
        })));
        return [.. findings];
    }

    private async Task<Finding?> TryAsync(RawHttp http, Asker asker, Operation operation, Change change)
    {
        var draft = operation.Begin(asker);
        change.Apply(draft);
        var shown = draft.ToBytes(hub.Hub.Address);
        asker.Sign(draft);
        var started = Stopwatch.GetTimestamp();
        string? fault, said = null;
        try
        {
            var answer = await http.SendAsync(draft.ToBytes(hub.Hub.Address), hasBody: draft.Method != "HEAD");
            fault = FindFault(answer, draft, operation);
            said = $"{answer.Status} {answer.MediaType} {answer.Body[..Math.Min(600, answer.Body.Length)]}";
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or FormatException)
        {
            fault = e.Message;
        }
        if (fault is null && Stopwatch.GetElapsedTime(started) > Bound)
            fault = $"It took more than {Bound}.";
        return fault is null ? null : new(operation.Name, change.What, fault, $"--- answer\n{said}\n--- request\n{Show(shown)}");
    }

    private static string? FindFault(RawAnswer answer, Draft draft, Operation operation)
    {
        if (answer.Status >= StatusCodes.Status500InternalServerError)
            return "A failure of the Hub.";
        if (StackTrace().IsMatch(answer.Body))
            return "An exception's text.";
        if (answer.Status < StatusCodes.Status400BadRequest || draft.Method == "HEAD")
            return null;
        if (answer.Header("X-Content-Type-Options") is null)
            return Unreadable.Contains(answer.Status) && answer.Body.Length == 0 && answer.Header("Connection") == "close" ? null : "Neither the Hub's refusal nor the server's of a request that cannot be read.";
        return answer.MediaType switch
        {
            "application/problem+json" => FindFaultOfProblem(answer),
            "application/json" when operation.Template.StartsWith("/connect/", StringComparison.Ordinal) => FindFaultOfOAuth(answer),
            "application/scim+json" when operation.Template.StartsWith("/scim/", StringComparison.Ordinal) => FindFaultOfScim(answer),
            "text/html" when draft.Headers.Exists(header => header is { Name: "Accept" } && header.Value.Contains("html", StringComparison.Ordinal)) || operation.IsPage => answer.Body.Contains("</html>", StringComparison.Ordinal) ? null : "Half a page.",
            _ => "No standard form of a refusal.",
        };
    }

    /// <summary>RFC 9457, with the code and the trace that every refusal of the Hub has.</summary>
    private static string? FindFaultOfProblem(RawAnswer answer)
    {
        using var problem = JsonDocument.Parse(answer.Body);
        var root = problem.RootElement;
        if (root.GetProperty("status").GetInt32() != answer.Status)
            return "The status in the body is another.";
        return FindMissing(root, ProblemMembers);
    }

    /// <summary>RFC 7644 §3.12, with what every refusal of the Hub names.</summary>
    private static string? FindFaultOfScim(RawAnswer answer)
    {
        using var error = JsonDocument.Parse(answer.Body);
        var root = error.RootElement;
        if (root.GetProperty("schemas")[0].GetString() != "urn:ietf:params:scim:api:messages:2.0:Error" || root.GetProperty("status").GetString() != answer.Status.ToString(CultureInfo.InvariantCulture))
            return "It is no SCIM error of this status.";
        return FindMissing(root, ScimMembers);
    }

    private static string? FindMissing(JsonElement refusal, string[] members) =>
        members.FirstOrDefault(name => !refusal.TryGetProperty(name, out var value) || string.IsNullOrWhiteSpace(value.GetString())) is { } missing ? $"The problem has no {missing}." : null;

    /// <summary>RFC 6749 §5.2: the characters it allows, and nothing that may be kept.</summary>
    private static string? FindFaultOfOAuth(RawAnswer answer)
    {
        using var error = JsonDocument.Parse(answer.Body);
        var texts = ErrorMembers.Select(name => error.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null).ToList();
        if (texts.Exists(string.IsNullOrEmpty))
            return "The error has no error or no error_description.";
        if (texts.Exists(text => text!.Any(character => character is < ' ' or > '~' or '"' or '\\')))
            return "The error has characters that RFC 6749 does not allow.";
        return answer.Header("Cache-Control")?.Contains("no-store", StringComparison.Ordinal) == true ? null : "The error may be kept.";
    }

    private static string Show(byte[] request)
    {
        var text = new StringBuilder();
        foreach (var value in request.Take(1500))
            text.Append(value is (byte)'\n' or >= 0x20 and < 0x7F ? ((char)value).ToString() : value == '\r' ? "" : string.Create(CultureInfo.InvariantCulture, $"\\x{value:x2}"));
        return request.Length > 1500 ? string.Create(CultureInfo.InvariantCulture, $"{text}… ({request.Length} bytes)") : text.ToString();
    }

    [GeneratedRegex(@"\n\s+at [A-Z]\w+\.|\b(System|Npgsql|Microsoft|CodeZero)\.[\w.]*Exception\b")]
    private static partial Regex StackTrace();
}
