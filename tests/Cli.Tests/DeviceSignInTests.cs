using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Session;
using CodeZero.Hub.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CodeZero.Cli.Tests;

/// <summary>How czctl waits for a person who signs in elsewhere, at a Hub that answers as the test says, by a clock that jumps.</summary>
public sealed class DeviceSignInTests
{
    private const string Pending = "authorization_pending", SlowDown = "slow_down", Away = "away", Tokens = "tokens";

    [Fact]
    public async Task It_asks_at_the_hubs_interval_and_less_often_when_told_to()
    {
        await using var hub = await FakeHub.StartAsync([Pending, SlowDown, Pending, SlowDown, Tokens]);

        var session = await hub.SignInAsync();

        Assert.Equal("refresh-1", session.RefreshToken);
        Assert.Equal([5, 5, 10, 10, 15], hub.Waits);
        Assert.Single(hub.Keys.Distinct());
        Assert.Equal(session.ReadKey().PublicKey.X, hub.Keys[0]);
    }

    [Fact]
    public async Task A_hub_that_is_away_is_asked_less_and_less_often_until_it_is_back()
    {
        await using var hub = await FakeHub.StartAsync([Away, Away, Pending, Tokens]);

        await hub.SignInAsync();

        Assert.Equal([5, 10, 20, 5], hub.Waits);
    }

    [Fact]
    public async Task It_gives_up_when_the_code_is_void()
    {
        await using var hub = await FakeHub.StartAsync([], expiresIn: 21);

        var error = await Assert.ThrowsAsync<CommandError>(hub.SignInAsync);

        Assert.Equal((ExitCode.TimedOut, "login.timeout"), (error.ExitCode, error.Code));
        Assert.Equal([5, 5, 5, 5], hub.Waits);
    }

    [Fact]
    public async Task A_hub_that_stays_away_is_what_it_says()
    {
        await using var hub = await FakeHub.StartAsync(Enumerable.Repeat(Away, 99), expiresIn: 600);

        await Assert.ThrowsAsync<HubUnreachableException>(hub.SignInAsync);

        Assert.Equal([5, 10, 20, 40, 60, 60], hub.Waits.Take(6));
    }

    [Theory]
    [InlineData("access_denied", "login.denied")]
    [InlineData("expired_token", "login.timeout")]
    [InlineData("invalid_grant", "login.refused")]
    public async Task A_refusal_is_final_and_says_what_to_do(string answer, string code)
    {
        await using var hub = await FakeHub.StartAsync([Pending, answer]);

        var error = await Assert.ThrowsAsync<CommandError>(hub.SignInAsync);

        Assert.Equal(code, error.Code);
        Assert.Contains("czctl login --device", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_without_such_a_sign_in_is_said_to_have_none()
    {
        await using var hub = await FakeHub.StartAsync([], hasDevices: false);

        Assert.Equal("login.no_device", (await Assert.ThrowsAsync<CommandError>(hub.SignInAsync)).Code);
    }

    [Fact]
    public async Task An_address_to_open_that_is_not_https_is_not_shown()
    {
        await using var hub = await FakeHub.StartAsync([], verificationUri: "http://hub.example.com/device");

        Assert.Equal("hub.endpoint", (await Assert.ThrowsAsync<CommandError>(hub.SignInAsync)).Code);
        Assert.Empty(hub.Shown);
    }

    [Theory]
    [InlineData(nameof(OutputForm.Text))]
    [InlineData(nameof(OutputForm.Quiet))]
    [InlineData(nameof(OutputForm.Json))]
    public async Task Address_and_code_are_shown_in_every_form(string form)
    {
        await using var hub = await FakeHub.StartAsync([Tokens]);

        await hub.SignInAsync(Enum.Parse<OutputForm>(form));

        Assert.Contains("WDJB-MJHT", hub.Shown, StringComparison.Ordinal);
        Assert.Contains("/device", hub.Shown, StringComparison.Ordinal);
        if (form == nameof(OutputForm.Json))
            Assert.Equal("WDJB-MJHT", JsonDocument.Parse(hub.Shown).RootElement.GetProperty("device").GetProperty("userCode").GetString());
    }

    /// <summary>A sign-in server that answers polls as it was told, and then <c>authorization_pending</c> for ever.</summary>
    private sealed class FakeHub : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly Queue<string> _answers;
        private readonly JumpingClock _clock = new();
        private readonly StringWriter _error = new();

        private FakeHub(IEnumerable<string> answers, bool hasDevices, string? verificationUri, int expiresIn)
        {
            _answers = new(answers);
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            _app = builder.Build();
            _app.MapGet("/.well-known/openid-configuration", () => new Dictionary<string, string?>
            {
                ["issuer"] = Issuer,
                ["authorization_endpoint"] = Issuer + "/authorize",
                ["token_endpoint"] = Issuer + "/token",
                ["device_authorization_endpoint"] = hasDevices ? Issuer + "/codes" : null,
            });
            _app.MapPost("/codes", (HttpRequest request) =>
            {
                Keys.Add(KeyOf(request));
                return new Dictionary<string, object>
                {
                    ["device_code"] = "device-1",
                    ["user_code"] = "WDJB-MJHT",
                    ["verification_uri"] = verificationUri ?? Issuer + "/device",
                    ["expires_in"] = expiresIn,
                    ["interval"] = 5,
                };
            });
            _app.MapPost("/token", (HttpRequest request) =>
            {
                Keys.Add(KeyOf(request));
                return Answer(_answers.TryDequeue(out var next) ? next : Pending);
            });
        }

        public List<string> Keys { get; } = [];
        public IReadOnlyList<int> Waits => _clock.Waits;
        public string Shown => _error.ToString();

        private string Issuer => _app.Urls.Single();

        public static async Task<FakeHub> StartAsync(IEnumerable<string> answers, bool hasDevices = true, string? verificationUri = null, int expiresIn = 600)
        {
            var hub = new FakeHub(answers, hasDevices, verificationUri, expiresIn);
            await hub._app.StartAsync();
            return hub;
        }

        public Task<StoredSession> SignInAsync() => SignInAsync(OutputForm.Text);

        public Task<StoredSession> SignInAsync(OutputForm form) =>
            new DeviceSignIn(new Terminal(new Surroundings(TextReader.Null, TextWriter.Null, _error, new Dictionary<string, string>()), form), _clock).RunAsync(new Uri(Issuer + "/"), default);

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private IResult Answer(string answer) => answer switch
        {
            Away => Results.StatusCode(StatusCodes.Status503ServiceUnavailable),
            Tokens => Results.Json(new Dictionary<string, object>
            {
                ["access_token"] = "access-1",
                ["token_type"] = "DPoP",
                ["expires_in"] = 600,
                ["refresh_token"] = "refresh-1",
                ["id_token"] = $"e30.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { iss = Issuer, aud = "czctl", exp = _clock.GetUtcNow().AddMinutes(10).ToUnixTimeSeconds() }))}.c2ln",
            }),
            _ => Results.Json(new Dictionary<string, string> { ["error"] = answer }, statusCode: StatusCodes.Status400BadRequest),
        };

        private static string KeyOf(HttpRequest request) =>
            JsonDocument.Parse(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(request.Headers["DPoP"].ToString().Split('.')[0]))).RootElement.GetProperty("jwk").GetProperty("x").GetString()!;
    }

    /// <summary>A clock whose waits are over at once, and have taken their time.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        /// <summary>Every wait, in seconds.</summary>
        public List<int> Waits { get; } = [];

        public override DateTimeOffset GetUtcNow() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Add((int)dueTime.TotalSeconds);
            _now += dueTime;
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
