using CodeZero.Testing;

namespace CodeZero.Cli.Tests;

/// <summary>Tokens from the command line, and the command line by a token.</summary>
public sealed class TokenCommandTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task A_token_is_made_once_used_without_a_sign_in_and_revoked()
    {
        using var person = new Czctl(fixture.Hub);
        var (email, slug) = await person.SignUpAsync();
        using var ci = new Czctl(fixture.Hub);

        var made = await person.RunAsync("tokens", "create", "ci", "--permission", "clusters.manage", "-p", "clusters.read", "--only", slug, "--days", "7");
        Assert.True(made.ExitCode == 0, made.ToString());
        Assert.Matches("^czp_[0-9A-Za-z]{38}$", made.Out.Trim());
        Assert.DoesNotContain("czp_", made.Error, StringComparison.Ordinal);
        await person.FailsAsync(1, "validation", "tokens", "create", "ci", "--permission", "keys.manage");
        Assert.Equal(2, (await person.RunAsync("tokens", "create", "ci", "--permission", "apps.read", "--quiet")).ExitCode);

        ci.Environment["CZCTL_TOKEN"] = made.Out.Trim();
        var who = (await ci.OkAsync("whoami")).Json;
        Assert.Equal(("personalToken", email, "ci", slug), (Text(who, "credential"), Text(who, "email"), Text(who.GetProperty("token"), "name"), Text(who.GetProperty("organization"), "slug")));
        Assert.Contains("by the token \"ci\"", (await ci.RunAsync("whoami")).Out, StringComparison.Ordinal);
        await ci.OkAsync("clusters", "create", "built");
        await ci.FailsAsync(1, "token.permission_missing", "members", "list");
        await ci.FailsAsync(3, "unauthorized.invalid_token", "tokens", "create", "another", "--permission", "apps.read");
        await ci.FailsAsync(2, "usage", "login");

        Assert.Equal("active", Text((await person.OkAsync("tokens", "list")).Json.GetProperty("items")[0], "state"));
        await person.OkAsync("tokens", "revoke", "ci");
        await person.FailsAsync(4, "not_found", "tokens", "revoke", "ci");
        var refused = await ci.FailsAsync(3, "token.invalid", "clusters", "list");
        Assert.Contains("czctl tokens create", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(made.Out.Trim(), refused.Error, StringComparison.Ordinal);
        ci.Environment["CZCTL_TOKEN"] = "hunter2";
        Assert.DoesNotContain("hunter2", (await ci.FailsAsync(2, "usage", "whoami")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_from_a_file_works_for_its_organization()
    {
        using var admin = new Czctl(fixture.Hub);
        var (_, slug) = await admin.SignUpAsync();
        using var robot = new Czctl(fixture.Hub);
        var file = Path.Combine(robot.Home, "key");

        var made = (await admin.OkAsync("org", "keys", "create", "robot", "-p", "apps.read", "-p", "clusters.read")).Json;
        await File.WriteAllTextAsync(file, Text(made, "secret") + "\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var who = (await robot.OkAsync("whoami", "--token-file", file)).Json;
        Assert.Equal(("apiKey", slug, "viewer"), (Text(who, "credential"), Text(who.GetProperty("organization"), "slug"), Text(who.GetProperty("organization"), "role")));
        Assert.Equal(0, (await robot.OkAsync("clusters", "list", "--token-file", file)).Json.GetProperty("items").GetArrayLength());
        Assert.Equal(slug, Text((await robot.OkAsync("org", "list", "--token-file", file)).Json, "current"));
        var listed = (await admin.OkAsync("org", "keys", "list")).Json.GetProperty("items")[0];
        Assert.Equal(("robot", "viewer", "active"), (Text(listed, "name"), Text(listed, "role"), Text(listed, "state")));
        Assert.NotNull(Text(listed, "lastUsedAt"));
        await admin.OkAsync("org", "keys", "revoke", Text(listed, "id"));
        await robot.FailsAsync(3, "token.invalid", "clusters", "list", "--token-file", file, "--org", slug);
        await robot.FailsAsync(4, "file.missing", "whoami", "--token-file", file + ".none");
    }

    private static string Text(System.Text.Json.JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
