using CodeZero.Testing;

namespace CodeZero.Cli.Tests;

/// <summary>Organizations, members, invitations and the audit log from the command line.</summary>
public sealed class OrganizationCommandTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task Members_are_listed_given_roles_and_removed()
    {
        using var czctl = new Czctl(fixture.Hub);
        var (email, slug) = await czctl.SignUpAsync();
        using var other = await fixture.SignUpAsync();
        await fixture.JoinAsync(other, (await czctl.OkAsync("org", "list")).Json.GetProperty("items")[0].GetProperty("id").GetGuid(), "viewer");

        var listed = (await czctl.OkAsync("members", "list")).Json.GetProperty("items").EnumerateArray().ToDictionary(member => Text(member, "email"), member => Text(member, "role"));
        Assert.Equal(("owner", "viewer"), (listed[email], listed[other.Email]));
        Assert.Equal("admin", Text((await czctl.OkAsync("members", "role", other.Email.ToUpperInvariant(), "admin")).Json, "role"));
        Assert.Equal("admin", Text((await czctl.OkAsync("members", "role", other.UserId.ToString(), "admin")).Json, "role"));
        await czctl.FailsAsync(1, "organization.last_owner", "members", "role", email, "viewer");
        await czctl.FailsAsync(1, "organization.last_owner", "org", "leave", "--yes");
        await czctl.FailsAsync(2, null, "members", "role", other.Email, "king");
        await czctl.OkAsync("members", "remove", other.Email, "--yes");
        await czctl.FailsAsync(4, "not_found", "members", "remove", other.Email, "--yes");
        Assert.Equal(2, (await czctl.OkAsync("audit", "list", "--action", "member.*", "--target", other.Email)).Json.GetProperty("items").GetArrayLength());
        Assert.Equal(slug, Text((await czctl.OkAsync("whoami")).Json.GetProperty("organization"), "slug"));
    }

    [Fact]
    public async Task Invitations_are_sent_once_listed_and_withdrawn()
    {
        using var czctl = new Czctl(fixture.Hub);
        await czctl.SignUpAsync();

        var sent = await czctl.OkAsync("invitations", "send", "ada@example.com", "--role", "viewer");
        var again = await czctl.OkAsync("invitations", "send", "Ada@example.com", "--role", "viewer");

        Assert.Equal(("pending", Text(sent.Json, "id")), (Text(sent.Json, "state"), Text(again.Json, "id")));
        await czctl.FailsAsync(1, "invitation.pending", "invitations", "send", "ada@example.com", "--role", "admin");
        await czctl.FailsAsync(1, "invitation.too_soon", "invitations", "resend", "ada@example.com");
        await czctl.FailsAsync(1, "validation", "invitations", "send", "nobody");
        await czctl.OkAsync("invitations", "revoke", "ada@example.com");
        await czctl.FailsAsync(4, "not_found", "invitations", "revoke", "ada@example.com");
        Assert.Equal("revoked", Text(Assert.Single((await czctl.OkAsync("invitations", "list")).Json.GetProperty("items").EnumerateArray()), "state"));
    }

    [Fact]
    public async Task The_audit_log_is_read_and_checked_against_a_head_kept_elsewhere()
    {
        using var czctl = new Czctl(fixture.Hub);
        var (email, _) = await czctl.SignUpAsync();
        await czctl.OkAsync("clusters", "create", "seen");

        var entries = (await czctl.OkAsync("audit", "list", "--limit", "1")).Json.GetProperty("items");
        Assert.Equal(("cluster.created", email, "czctl"), (Text(entries[0], "action"), Text(entries[0].GetProperty("actor"), "name"), Text(entries[0], "client")));
        var head = (await czctl.OkAsync("audit", "verify")).Json;
        await czctl.OkAsync("clusters", "create", "another");
        await czctl.OkAsync("audit", "verify", "--sequence", head.GetProperty("sequence").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture), "--hash", Text(head, "hash"));
        var broken = await czctl.RunAsync("audit", "verify", "--sequence", "1", "--hash", new string('0', 64));
        Assert.Equal(1, broken.ExitCode);
        Assert.StartsWith("BROKEN: Entry 1", broken.Out, StringComparison.Ordinal);
        await czctl.FailsAsync(2, "usage", "audit", "verify", "--sequence", "1");
    }

    [Fact]
    public async Task An_organization_is_made_used_and_left()
    {
        using var czctl = new Czctl(fixture.Hub);
        var (_, first) = await czctl.SignUpAsync();
        var slug = $"made-{Guid.CreateVersion7().ToString("N")[^8..]}";

        var made = (await czctl.OkAsync("org", "create", "Made here", "--slug", slug)).Json.GetProperty("organization");

        Assert.Equal((slug, "owner"), (Text(made, "slug"), Text(made, "role")));
        await czctl.FailsAsync(1, "organization.slug_taken", "org", "create", "Made again", "--slug", slug);
        using var heir = await fixture.SignUpAsync();
        await fixture.JoinAsync(heir, made.GetProperty("id").GetGuid(), "owner");
        await czctl.OkAsync("org", "leave", "--org", slug, "--yes");
        Assert.Equal([first], (await czctl.OkAsync("org", "list")).Json.GetProperty("items").EnumerateArray().Select(item => Text(item, "slug")));
    }

    private static string Text(System.Text.Json.JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
