using System.Net;
using System.Net.Http.Json;
using CodeZero.Hub.Platform.Tests.Probe;
using CodeZero.Hub.Platform.Web;

namespace CodeZero.Hub.Platform.Tests;

/// <summary>Lists and conditional requests.</summary>
public sealed class ResourceTests(ProbeFixture probe) : IClassFixture<ProbeFixture>, IDisposable
{
    private readonly HttpClient _client = probe.CreateClient();
    private readonly string _things = $"/probe/{Guid.CreateVersion7()}/things";

    [Fact]
    public async Task Pages_follow_each_other_through_body_and_link_without_gaps_or_repeats()
    {
        for (var i = 0; i < 5; i++)
            await PostAsync($"thing {i}");

        var (names, pages, address) = (new List<string>(), 0, (string?)$"{_things}?limit=2");
        while (address is not null)
        {
            var answer = await _client.GetAsync(new Uri(address, UriKind.Relative));
            var page = (await answer.Content.ReadFromJsonAsync<Page<string>>())!;
            names.AddRange(page.Items);
            pages++;
            Assert.Equal(page.Next is not null, answer.Headers.TryGetValues("Link", out var links));
            address = links?.Single().Split('<', '>')[1];
            Assert.Equal(page.Next is null ? null : $"{_things}?limit=2&cursor={page.Next}", address);
        }

        Assert.Equal(3, pages);
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"thing {i}"), names);
    }

    [Fact]
    public async Task A_change_needs_the_current_ETag()
    {
        var thing = new Uri(await PostAsync("thing"), UriKind.Relative);
        var tag = (await _client.GetAsync(thing)).Header("ETag");

        Assert.Equal(428, (int)(await PutAsync(thing, "new", null)).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync(thing, "new", "\"0\"")).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync(thing, "new", "W/" + tag)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await PutAsync(thing, "new", $"\"0\", {tag}")).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await PutAsync(thing, "newer", tag)).StatusCode);
        Assert.Equal("\"new\"", await _client.GetStringAsync(thing));
    }

    [Fact]
    public async Task Of_two_changes_at_once_with_the_same_ETag_one_is_refused()
    {
        var thing = new Uri(await PostAsync("thing"), UriKind.Relative);
        var tag = (await _client.GetAsync(thing)).Header("ETag");
        var gate = probe.Hold("slow");

        var slow = PutAsync(thing, "slow", tag);
        await gate.Arrived;
        var quick = await PutAsync(thing, "quick", tag);
        gate.Open();

        Assert.Equal(HttpStatusCode.NoContent, quick.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await slow).StatusCode);
        Assert.Equal("\"quick\"", await _client.GetStringAsync(thing));
    }

    [Fact]
    public async Task Who_has_the_current_one_gets_304()
    {
        var thing = new Uri(await PostAsync("thing"), UriKind.Relative);
        using var request = new HttpRequestMessage(HttpMethod.Get, thing);
        request.Headers.TryAddWithoutValidation("If-None-Match", "W/" + (await _client.GetAsync(thing)).Header("ETag"));

        Assert.Equal(HttpStatusCode.NotModified, (await _client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("", "\"quoted\", {braces} and ümlauts")]
    public void A_cursor_gives_back_its_parts(string first, string second) => Assert.Equal([first, second], Cursor.Decode(Cursor.Encode(first, second), 2)!);

    [Theory]
    [InlineData("WyIxIiwiYSIsImIiXQ")] // ["1","a","b"]: another list's
    [InlineData("WyIyIiwiYSJd")]       // ["2","a"]: another version's
    [InlineData("WyIxIixudWxsXQ")]     // ["1",null]
    [InlineData("bnVsbA")]             // null
    [InlineData("e30")]                // {}
    [InlineData("!")]
    public void A_foreign_cursor_is_refused(string cursor) => Assert.Throws<InvalidCursorException>(() => Cursor.Decode(cursor, 1));

    public void Dispose() => _client.Dispose();

    private async Task<string> PostAsync(string name) => (await _client.PostAsJsonAsync(_things, new NewThing(name))).EnsureSuccessStatusCode().Headers.Location!.ToString();

    private async Task<HttpResponseMessage> PutAsync(Uri thing, string name, string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, thing) { Content = JsonContent.Create(new NewThing(name)) };
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        return await _client.SendAsync(request);
    }
}
