using System.Net;
using System.Security.Cryptography;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Tests.Probe;
using CodeZero.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Tests;

/// <summary>Limits, jobs and keys, with replicas.</summary>
public sealed class OperationTests(ProbeFixture probe) : IClassFixture<ProbeFixture>
{
    private static readonly Uri Me = new("/probe/me", UriKind.Relative);

    [Fact]
    public async Task A_caller_past_the_limit_waits_while_another_goes_on()
    {
        await using var hub = await probe.StartHubAsync(new Dictionary<string, string?> { ["Hub:RateLimits:CallerPerMinute"] = "3" });
        using var busy = probe.CreateClient(hub: hub);
        using var other = probe.CreateClient(hub: hub);

        var first = await busy.GetAsync(Me);
        await busy.GetAsync(Me);
        await busy.GetAsync(Me);
        var refused = await busy.GetAsync(Me);

        Assert.Equal("3", first.Header("RateLimit-Limit"));
        Assert.Equal("2", first.Header("RateLimit-Remaining"));
        Assert.Equal("20", first.Header("RateLimit-Reset"));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("rate_limited", await refused.CodeAsync());
        Assert.InRange(int.Parse(refused.Header("Retry-After"), System.Globalization.CultureInfo.InvariantCulture), 1, 20);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync(Me)).StatusCode);
    }

    [Fact]
    public async Task An_address_past_the_limit_waits_before_anything_is_spent_on_it_but_probes_do_not()
    {
        await using var hub = await probe.StartHubAsync(new Dictionary<string, string?> { ["Hub:RateLimits:AddressPerMinute"] = "2" });
        using var anonymous = hub.CreateClient();
        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync(Me)).StatusCode);

        Assert.Equal(HttpStatusCode.TooManyRequests, (await anonymous.GetAsync(Me)).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await anonymous.GetAsync(new Uri("/no/such/route", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await anonymous.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task An_organizations_agents_share_its_limit_while_another_organizations_go_on()
    {
        await using var hub = await probe.StartHubAsync(new Dictionary<string, string?> { ["Hub:RateLimits:OrganizationPerMinute"] = "2" });
        var (busy, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());

        Assert.Equal(HttpStatusCode.OK, await AskAsAgentAsync(hub, busy));
        Assert.Equal(HttpStatusCode.OK, await AskAsAgentAsync(hub, busy));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsAgentAsync(hub, busy));
        Assert.Equal(HttpStatusCode.OK, await AskAsAgentAsync(hub, other));
    }

    [Fact]
    public async Task Guessing_is_limited_more_tightly()
    {
        using var anonymous = probe.Hub.CreateClient();

        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 6; i++)
            answers.Add((await anonymous.PostAsync(new Uri("/probe/guess", UriKind.Relative), null)).StatusCode);

        Assert.Equal(5, answers.Count(status => status == HttpStatusCode.OK));
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
    }

    [Fact]
    public async Task The_purge_removes_what_has_expired_and_nothing_else()
    {
        await probe.LookAsync<object>("""
            insert into platform.replays (id, expires_at) values (sha256('old'), now() - interval '1 second'), (sha256('new'), now() + interval '1 minute');
            insert into platform.inbox (handler, event_id, handled_at) values ('old', gen_random_uuid(), now() - interval '8 days'), ('new', gen_random_uuid(), now());
            insert into platform.idempotency (id, request, locked_until, expires_at) values (sha256('old'), '', now(), now() - interval '1 second'), (sha256('new'), '', now(), now() + interval '1 hour');
            insert into platform.outbox (id, organization_id, type, payload, occurred_at, next_attempt_at) values (gen_random_uuid(), gen_random_uuid(), 'Forgotten', '{}', now() - interval '8 days', now()), (gen_random_uuid(), gen_random_uuid(), 'Newer', '{}', now(), now());
            """);

        await probe.Hub.Services.GetRequiredService<IJobScheduler>().RunNowAsync(PurgeJob.Name, CancellationToken.None);

        await Eventually.HoldsAsync(async () => await probe.LookAsync<bool>("""
            select not exists (select from platform.replays where id = sha256('old')) and not exists (select from platform.idempotency where id = sha256('old'))
                and not exists (select from platform.inbox where handler = 'old') and not exists (select from platform.outbox where type = 'Forgotten')
            """));
        Assert.True(await probe.LookAsync<bool>("""
            select exists (select from platform.replays where id = sha256('new')) and exists (select from platform.idempotency where id = sha256('new'))
                and exists (select from platform.inbox where handler = 'new') and exists (select from platform.outbox where type = 'Newer')
            """));
    }

    [Fact]
    public async Task A_job_that_there_is_not_cannot_be_run() =>
        await Assert.ThrowsAsync<ArgumentException>(() => probe.Hub.Services.GetRequiredService<IJobScheduler>().RunNowAsync("no.such", CancellationToken.None));

    [Fact]
    public async Task Replicas_open_what_the_others_sealed_and_the_database_alone_does_not()
    {
        await using var replica = await probe.StartHubAsync();
        var sealedText = Protect(probe.Hub, "text");

        Assert.Equal("text", replica.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("tests").Unprotect(sealedText));
        Assert.Equal(0L, await probe.LookAsync<long>("select count(*) from platform.key_ring where xml like '%masterKey>%' or xml not like '%masterKeyEncrypted%'"));
    }

    /// <summary>It started, and answered with 500 whenever it was to sign something.</summary>
    [Fact]
    public async Task Another_master_key_than_the_databases_stops_the_start()
    {
        var refusal = await Assert.ThrowsAsync<CryptographicException>(
            () => probe.StartHubAsync(new Dictionary<string, string?> { ["Hub:DataProtection:MasterKeyFile"] = TestKeys.OtherMasterKeyFile }));

        Assert.Contains("another key", Assert.IsType<OptionsValidationException>(refusal.InnerException).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not base64", "is not base64")]
    [InlineData("c2hvcnQ=", "has 5 bytes, not 32")]
    public async Task A_wrong_master_key_stops_the_start(string content, string says)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, content);

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => probe.StartHubAsync(new Dictionary<string, string?> { ["Hub:DataProtection:MasterKeyFile"] = file }));

        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    private async Task<HttpStatusCode> AskAsAgentAsync(HubInstance hub, Guid organization)
    {
        using var key = new DpopKey();
        var token = probe.Issuer.Issue(Guid.CreateVersion7(), claims =>
        {
            claims.Audience = probe.Issuer.Issuer + "/agent";
            claims.Claims["scope"] = "agent";
            claims.Claims["org"] = organization.ToString();
            claims.Claims["cluster"] = Guid.CreateVersion7().ToString();
        }, key.Thumbprint);
        using var client = hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/probe/agent")
        {
            Headers = { { "DPoP", key.Prove(HttpMethod.Get, new Uri(hub.Address, "/probe/agent"), token) } },
        };
        request.Headers.Authorization = new("DPoP", token);
        return (await client.SendAsync(request)).StatusCode;
    }

    private static string Protect(HubInstance hub, string text) => hub.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("tests").Protect(text);
}
