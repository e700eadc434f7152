using System.Net;
using System.Net.Http.Json;
using CodeZero.Hub.Platform.Tests.Probe;

namespace CodeZero.Hub.Platform.Tests;

public sealed class IdempotencyTests(ProbeFixture probe) : IClassFixture<ProbeFixture>, IDisposable
{
    private readonly Guid _tenant = Guid.CreateVersion7();
    private readonly string _key = Guid.CreateVersion7().ToString();
    private readonly HttpClient _client = probe.CreateClient();

    [Fact]
    public async Task The_second_time_gives_the_first_answer_and_has_no_second_effect()
    {
        var first = await PostAsync("thing");
        var second = await PostAsync("thing");

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await second.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(first.Content.Headers.ContentType, second.Content.Headers.ContentType);
        Assert.Equal("no-store", second.Header("Cache-Control")); // a one-time secret stays one
        Assert.Equal("true", second.Header("Idempotency-Replayed"));
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Another_request_under_the_key_is_refused()
    {
        await PostAsync("thing");

        var answer = await PostAsync("other thing");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal("idempotency.key_reused", await answer.CodeAsync());
    }

    [Fact]
    public async Task Another_callers_key_is_another_key()
    {
        await PostAsync("thing");
        using var other = probe.CreateClient();

        await PostAsync("thing", other);

        Assert.Equal(2, await CountAsync());
    }

    [Fact]
    public async Task While_the_first_is_under_way_the_second_is_told_to_wait()
    {
        var gate = probe.Hold("slow thing");
        var first = PostAsync("slow thing");
        await gate.Arrived;

        var second = await PostAsync("slow thing");
        gate.Open();

        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
        Assert.Equal("idempotency.in_progress", await second.CodeAsync());
        Assert.Equal("1", second.Header("Retry-After"));
        Assert.Equal(HttpStatusCode.Created, (await first).StatusCode);
    }

    [Fact]
    public async Task A_refusal_changed_nothing_and_may_be_tried_again()
    {
        var refused = await PostAsync("refused");
        var again = await PostAsync("refused");

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal("thing.refused", await again.CodeAsync());
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task After_a_crash_between_commit_and_answer_it_is_not_carried_out_again()
    {
        await PostAsync("thing");
        await probe.LookAsync<object>("update platform.idempotency set answer = null, locked_until = now() - interval '1 second'");

        var answer = await PostAsync("thing");

        Assert.Equal("idempotency.answer_lost", await answer.CodeAsync());
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task After_a_crash_before_the_commit_it_is_carried_out()
    {
        await PostAsync("thing");
        await probe.LookAsync<object>("update platform.idempotency set answer = null, carried_out_at = null, locked_until = now() - interval '1 second'");

        Assert.Equal(HttpStatusCode.Created, (await PostAsync("thing")).StatusCode);
    }

    /// <summary>A request that was slower than its lease (a lock, a slow disk) was taken over by its own repetition, and then both were carried out.</summary>
    [Fact]
    public async Task Of_a_slow_request_and_the_one_that_took_its_key_over_one_is_carried_out()
    {
        var gate = probe.Hold("slow thing");
        var first = PostAsync("slow thing");
        await gate.Arrived;
        await probe.LookAsync<object>("update platform.idempotency set locked_until = now() - interval '1 second'");
        probe.Hold("nothing");

        var second = await PostAsync("slow thing");
        gate.Open();

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal("idempotency.in_progress", await (await first).CodeAsync());
        Assert.Equal(1, await CountAsync());
        Assert.Equal(await second.Content.ReadAsStringAsync(), await (await PostAsync("slow thing")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_is_kept_cannot_be_read_in_the_database()
    {
        await PostAsync("thing");

        Assert.True(await probe.LookAsync<bool>("select bool_and(position(convert_to('\"Body\"', 'utf8') in answer) = 0) from platform.idempotency where answer is not null"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    public async Task A_malformed_key_is_refused(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/probe/{_tenant}/things") { Content = JsonContent.Create(new NewThing("thing")) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);

        Assert.Equal("idempotency.key_malformed", await (await _client.SendAsync(request)).CodeAsync());
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> PostAsync(string name, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/probe/{_tenant}/things") { Content = JsonContent.Create(new NewThing(name)) };
        request.Headers.Add("Idempotency-Key", _key);
        return await (client ?? _client).SendAsync(request);
    }

    private async Task<long> CountAsync() => await probe.LookAsync<long>("select count(*) from probe.things where organization_id = $1 and name not like 'handled %'", _tenant);
}
