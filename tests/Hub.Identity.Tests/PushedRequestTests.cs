using System.Net;
using CodeZero.Testing;
using Microsoft.AspNetCore.WebUtilities;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Pushed authorization requests, rows Q.</summary>
public sealed class PushedRequestTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Theory]
    [InlineData("web")]
    [InlineData("webs")]
    [InlineData("spa")]
    [InlineData("par")]
    public async Task Z07_A_pushed_request_brings_a_code(string client)
    {
        var flow = await fixture.SignedInAsync(client);

        var pushed = await flow.PushAsync();

        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);
        Assert.Equal("no-store", pushed.Headers.CacheControl?.ToString());
        var answer = await Flow.ReadAsync(pushed);
        Assert.Equal(90, answer["expires_in"]!.GetValue<int>());
        await Flow.ReadAsync(await flow.RedeemAsync(await flow.PushedCodeAsync()));
    }

    [Fact]
    public async Task Q01_Only_post_is_served()
    {
        using var client = fixture.Hub.CreateClient();

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.GetAsync("/connect/par?client_id=spa")).StatusCode);
    }

    [Theory]
    [InlineData("Q02", "invalid_request", "request_uri=urn:ietf:params:oauth:request_uri:x")]
    [InlineData("Q02", "invalid_request", "request_uri=https://evil.example/x")]
    [InlineData("Q03", "invalid_request", "redirect_uri=https://evil.example/cb")]
    [InlineData("Q03", "invalid_request", "-redirect_uri")]
    [InlineData("Q03", "invalid_request", "redirect_uri=https://rp.example/cb/")]
    [InlineData("A19", "unsupported_response_type", "response_type=token")]
    [InlineData("A23", "invalid_scope", "scope=openid unknown")]
    [InlineData("A33", "request_not_supported", "request=eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("A36", "invalid_request", "id_token_hint=garbage")]
    [InlineData("C22", "invalid_request", "+scope=openid")]
    [InlineData("M06", "invalid_target", "resource=https://unknown.example")]
    [InlineData("P01", "invalid_request", "-code_challenge", "-code_challenge_method")]
    [InlineData("P02", "invalid_request", "code_challenge_method=plain")]
    public async Task What_a_browser_may_not_ask_cannot_be_pushed_either(string id, string error, params string[] changes)
    {
        var response = await (await fixture.SignedInAsync("web")).PushAsync(changes);

        Assert.Null(response.Headers.Location);
        await Refusal.IsJsonAsync(response, 400, error);
        Assert.NotEmpty(id);
    }

    [Theory]
    [InlineData("Q04", "-client_assertion", "-client_assertion_type")]
    [InlineData("Q04", "-client_assertion", "-client_assertion_type", "-client_id")]
    [InlineData("C08", "-client_assertion", "-client_assertion_type", "client_secret=x")]
    public async Task Who_does_not_authenticate_pushes_nothing(string id, params string[] changes)
    {
        await Refusal.IsJsonAsync(await (await fixture.SignedInAsync("web")).PushAsync(changes), 401, "invalid_client");
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task Q05_A_request_uri_of_another_client()
    {
        var flow = await fixture.SignedInAsync("web");
        var reference = await flow.ReferenceAsync();

        await Refusal.IsPageAsync(await flow.TakeUpAsync(reference, "client_id=spa"), reference);
        await Refusal.IsPageAsync(await flow.TakeUpAsync(reference, "-client_id"), reference);
        await Refusal.IsPageAsync(await flow.TakeUpAsync(reference, "client_id=unknown"), reference);

        Assert.Equal(HttpStatusCode.SeeOther, (await flow.TakeUpAsync(reference)).StatusCode); // and it stays good for its own
    }

    [Fact]
    public async Task Q06_A_request_uri_is_good_once_also_when_raced()
    {
        var flow = await fixture.SignedInAsync("web");
        await flow.CodeAsync();
        var reference = await flow.ReferenceAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => flow.TakeUpAsync(reference)));

        Assert.Single(answers, answer => answer.Headers.Location?.Query.Contains("code=", StringComparison.Ordinal) ?? false);
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Q07_An_expired_request_uri()
    {
        var flow = await fixture.SignedInAsync();
        var reference = await flow.ReferenceAsync();

        fixture.Clock.Advance(TimeSpan.FromSeconds(91));

        await Refusal.IsPageAsync(await flow.TakeUpAsync(reference), reference);
    }

    [Fact]
    public async Task Q08_A_client_that_has_to_push_is_refused_without()
    {
        var flow = await fixture.SignedInAsync("par");

        Refusal.IsSentBack(await flow.AuthorizeAsync(), "invalid_request", flow, fixture.Issuer);
    }

    [Fact]
    public async Task Q09_What_stands_beside_the_request_uri_is_ignored()
    {
        var flow = await fixture.SignedInAsync("web");
        await flow.CodeAsync();
        var reference = await flow.ReferenceAsync("scope=openid");

        var response = await flow.TakeUpAsync(reference, "scope=openid hub offline_access", "redirect_uri=https://rp.example/cb2", "state=other", "response_type=token", "prompt=login");

        Assert.StartsWith(flow.RedirectUri + "?", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var answer = QueryHelpers.ParseQuery(response.Headers.Location.Query);
        Assert.Equal(Flow.State, answer["state"]);
        Assert.Equal("openid", (await Flow.ReadAsync(await flow.RedeemAsync(answer["code"]!)))["scope"]!.GetValue<string>());
    }

    [Fact]
    public async Task Q10_A_request_uri_cannot_be_guessed_and_is_kept_as_a_hash()
    {
        var flow = await fixture.SignedInAsync();
        var references = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => flow.ReferenceAsync()));

        Assert.Equal(5, references.Distinct().Count());
        Assert.All(references, reference => Assert.Equal(32, System.Buffers.Text.Base64Url.DecodeFromChars(reference.Split(':')[^1]).Length)); // 256 bits
        var kept = await fixture.QueryAsync<string>("select string_agg(p::text, ' ') from identity.pushed_requests p");
        Assert.All(references, reference => Assert.DoesNotContain(reference.Split(':')[^1], kept, StringComparison.Ordinal));
        await Refusal.IsPageAsync(await flow.TakeUpAsync("urn:ietf:params:oauth:request_uri:AAAA"));
    }

    [Fact]
    public async Task A_request_waits_for_the_person_when_it_was_pushed_too()
    {
        var person = await Flow.SignUpAsync(fixture);
        var flow = Flow.SignedOut(fixture);

        var signIn = (await flow.TakeUpAsync(await flow.ReferenceAsync())).Headers.Location!.ToString();
        Assert.StartsWith("/signin?request=", signIn, StringComparison.Ordinal);
        await flow.Browser.SignInAsync(person.Email, Flow.Password, signIn);
        var answer = await flow.Browser.SubmitAsync(("decision", "allow"));

        Assert.Contains("code=", answer.Headers.Location!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task J13_A_proof_when_pushing_binds_the_code_to_its_key()
    {
        using var key = new DpopKey();
        using var other = new DpopKey();
        var flow = (await fixture.SignedInAsync()).As("spa", key);
        string Prove() => key.Prove(HttpMethod.Post, new Uri(fixture.Hub.Address, "/connect/par"), null, null, fixture.Clock.GetUtcNow());
        List<(string, string)> Form(params string[] changes) => Flow.Change(flow.AuthorizationRequest, changes);

        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/par", Form($"dpop_jkt={other.Thumbprint}"), null, Prove()), 400, "invalid_request");
        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/par", Form(), null, "no proof"), 400, "invalid_dpop_proof");
        var pushed = await Flow.ReadAsync(await flow.PostAsync("/connect/par", Form(), null, Prove()));
        var code = (await flow.FollowAsync(await flow.TakeUpAsync(pushed["request_uri"]!.GetValue<string>())))["code"];

        await Refusal.IsJsonAsync(await flow.As("spa", other).RedeemAsync(code, $"code_verifier={flow.Verifier}"), 400, "invalid_grant");
    }
}
