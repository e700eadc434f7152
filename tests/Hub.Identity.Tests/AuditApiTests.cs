using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Reading, exporting and checking the audit log over the API.</summary>
public sealed class AuditApiTests(OrganizationFixture fixture) : IClassFixture<OrganizationFixture>
{
    [Fact]
    public async Task Entries_come_newest_first_page_by_page()
    {
        using var owner = await fixture.SignUpAsync();
        await RenameAsync(owner, 4);

        var (sequences, address) = (new List<long>(), $"/v1/orgs/{owner.Slug}/audit?limit=2");
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await owner.Client.GetAsync(address + (cursor.Length > 0 ? $"&cursor={cursor}" : "")).JsonAsync();
            sequences.AddRange(page.Items().Select(entry => entry.GetProperty("sequence").GetInt64()));
            cursor = page.Text("next");
        }

        Assert.Equal([5, 4, 3, 2, 1], sequences);
        await owner.Client.GetAsync($"{address}&cursor=nonsense").RefusedAsync(HttpStatusCode.BadRequest, "validation");
    }

    [Fact]
    public async Task Entries_are_found_by_actor_action_target_and_time()
    {
        using var owner = await fixture.SignUpAsync();
        using var admin = await fixture.MemberAsync(owner, "admin");
        await RenameAsync(owner, 1);
        await RenameAsync(admin, 2, owner.Slug);
        await admin.Client.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/domains", new { name = "found.example" }).JsonAsync(HttpStatusCode.Created);

        Assert.Equal(3, await CountAsync($"actor={admin.UserId}"));
        Assert.Equal(3, await CountAsync($"actor={admin.Email}"));
        Assert.Equal(3, await CountAsync("action=organization.renamed"));
        Assert.Equal(4, await CountAsync("action=organization.*"));
        Assert.Equal(0, await CountAsync("action=organization"));
        Assert.Equal(0, await CountAsync("action=%25.*")); // no pattern of the database's
        Assert.Equal(1, await CountAsync("target=found.example"));
        Assert.Equal(2, await CountAsync($"target={owner.OrganizationId}&actor={admin.UserId}&action=organization.*"));
        Assert.Equal(5, await CountAsync("from=2020-01-01T00:00:00%2B02:00&to=2099-01-01T00:00:00Z"));
        Assert.Equal(0, await CountAsync("to=2020-01-01T00:00:00Z"));
        foreach (var wrong in new[] { "from=yesterday", $"actor={new string('x', 301)}", "limit=0" })
            Assert.Equal(HttpStatusCode.BadRequest, (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit?{wrong}")).StatusCode);

        async Task<int> CountAsync(string filter) => (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit?{filter}").JsonAsync()).Items().Count();
    }

    [Fact]
    public async Task An_export_can_be_checked_by_whoever_reads_the_documentation()
    {
        using var owner = await fixture.SignUpAsync();
        await RenameAsync(owner, 3, name: "Ümläut \"quoted\" 🎈");

        using var response = await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit/export");
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();

        string[] fields = ["organizationId", "sequence", "occurredAt", "actorKind", "actorId", "actorName", "clientId", "ipAddress", "userAgent",
            "action", "targetType", "targetId", "targetName", "before", "after", "previousHash"];
        var (head, number) = (new string('0', 64), 0);
        foreach (var line in lines)
        {
            Assert.Equal((head, ++number), (line["previousHash"]!.GetValue<string>(), line["sequence"]!.GetValue<int>()));
            head = Convert.ToHexStringLower(SHA256.HashData([.. fields.SelectMany(field => line[field] is { } value ? Netstring(value.ToString()) : "-"u8.ToArray())]));
            Assert.Equal(head, line["hash"]!.GetValue<string>());
        }
        Assert.Equal(4, number);
        Assert.Equal(head, (await VerifyAsync(owner)).Text("hash"));

        static byte[] Netstring(string text) => [.. Encoding.ASCII.GetBytes($"{Encoding.UTF8.GetByteCount(text)}:"), .. Encoding.UTF8.GetBytes(text)];
    }

    [Fact]
    public async Task An_export_goes_on_past_what_one_look_reads()
    {
        using var owner = await fixture.SignUpAsync();
        await fixture.ExecuteAsync("""
            insert into identity.audit_events (organization_id, sequence, occurred_at, actor_kind, action, target_type, target_id, previous_hash, hash)
            select $1, number, now(), 'system', 'thing.changed', 'thing', number::text, sha256(number::text::bytea), sha256(number::text::bytea) from generate_series(2, 1600) number
            """, owner.OrganizationId);

        var export = await owner.Client.GetStringAsync($"/v1/orgs/{owner.Slug}/audit/export?action=thing.changed");

        Assert.Equal(Enumerable.Range(2, 1599), export.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line).GetProperty("sequence").GetInt32()));
    }

    [Fact]
    public async Task A_head_kept_elsewhere_shows_that_the_end_was_cut_off_or_all_was_written_anew()
    {
        using var owner = await fixture.SignUpAsync();
        await RenameAsync(owner, 2);
        var known = await VerifyAsync(owner);
        Assert.Equal((true, 3L), (known.GetProperty("intact").GetBoolean(), known.GetProperty("sequence").GetInt64()));
        await RenameAsync(owner, 1);
        Assert.True((await VerifyAsync(owner, known)).GetProperty("intact").GetBoolean());

        await fixture.ExecuteAsync($"set session_replication_role = replica; delete from identity.audit_events where organization_id = '{owner.OrganizationId}' and sequence > 2");

        Assert.True((await VerifyAsync(owner)).GetProperty("intact").GetBoolean()); // what is left fits together
        var verified = await VerifyAsync(owner, known);
        Assert.Equal((false, 2L), (verified.GetProperty("intact").GetBoolean(), verified.GetProperty("sequence").GetInt64()));
        Assert.Contains("Entry 3", verified.Text("fault"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sequence=1")]
    [InlineData("hash=00")]
    [InlineData("sequence=0&hash=0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("sequence=x&hash=0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task What_is_no_head_is_refused(string head)
    {
        using var owner = await fixture.SignUpAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit/verification?{head}")).StatusCode);
    }

    [Fact]
    public async Task What_a_browser_says_of_itself_is_cut_to_a_line()
    {
        using var owner = await fixture.SignUpAsync();
        using var now = await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}");
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/v1/orgs/{owner.Slug}") { Content = JsonContent.Create(new { name = "Long" }), Headers = { IfMatch = { now.Headers.ETag! } } };
        request.Headers.TryAddWithoutValidation("User-Agent", new string('x', 2000));

        await owner.Client.SendAsync(request).JsonAsync();

        var entry = (await owner.Client.GetAsync($"/v1/orgs/{owner.Slug}/audit?limit=1").JsonAsync()).Items().Single();
        Assert.Equal(300, entry.Text("userAgent")!.Length);
    }

    private static async Task RenameAsync(TestPerson person, int times, string? slug = null, string name = "Name")
    {
        for (var i = 0; i < times; i++)
            await person.Client.ChangeAsync(HttpMethod.Patch, $"/v1/orgs/{slug ?? person.Slug}", new { name = $"{name} {Guid.CreateVersion7():N}" }).JsonAsync();
    }

    private static Task<JsonElement> VerifyAsync(TestPerson owner, JsonElement? known = null) => owner.Client.GetAsync(
        $"/v1/orgs/{owner.Slug}/audit/verification" + (known is { } head ? $"?sequence={head.GetProperty("sequence").GetInt64()}&hash={head.Text("hash")}" : "")).JsonAsync();
}
