using System.Net.Http.Headers;
using System.Text.Json;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Client;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>Somebody at a terminal and a browser, with a home directory, an account and one organization.</summary>
public sealed class Person : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("codezero-person-");
    private readonly Dictionary<string, string?> _environment;
    private readonly Uri _hub;
    private readonly bool _startsProcesses;
    private HubClient? _api;

    private Person(Uri hub, string email, bool startsProcesses)
    {
        (_hub, Email, _startsProcesses) = (hub, email, startsProcesses);
        _environment = new()
        {
            ["CZCTL_HOME"] = Path.Combine(_home.FullName, "czctl"),
            ["CZCTL_HUB"] = hub.GetLeftPart(UriPartial.Authority),
            ["BROWSER"] = BuiltOutput.Browser,
            ["CODEZERO_BROWSER_HOME"] = Path.Combine(_home.FullName, "browser"),
            ["CODEZERO_PERSON_EMAIL"] = email,
            ["CODEZERO_PERSON_PASSWORD"] = Password,
            ["KUBECONFIG"] = null,
        };
    }

    public string Email { get; }
    public string Password { get; } = $"a long pass phrase {Guid.CreateVersion7()}";

    /// <summary>The slug of the organization.</summary>
    public string Organization { get; private set; } = "";

    public Guid OrganizationId { get; private set; }

    /// <summary>The key this person approves with; the Hub never sees it.</summary>
    public string ApproverKey => Path.Combine(_home.FullName, "approver.pem");

    /// <summary>The Hub as this person, for looking often; what a person does goes through <see cref="CzctlAsync"/>.</summary>
    public HubClient Api => _api ??= new(_hub, new() { Credentials = new SignIn(Path.Combine(_home.FullName, "czctl")) });

    /// <summary>Signs up and in, in the browser and with czctl, and makes an approver key.</summary>
    /// <param name="startsProcesses">Whether czctl is the program that people start; else it runs in the tests' process, for a fraction of the time.</param>
    public static async Task<Person> ArriveAsync(Uri hub, string name, bool startsProcesses = false)
    {
        var person = new Person(hub, $"{name}@example.com", startsProcesses);
        (await Tool.RunAsync(BuiltOutput.Browser, ["signup", new Uri(hub, "/signup").AbsoluteUri, name], person._environment)).Succeeded();
        await person.CzctlAsync("login");
        await person.CzctlAsync("keys", "create", person.ApproverKey);
        var organization = Assert.Single((await person.Api.Identity.MeAsync()).Organizations);
        (person.Organization, person.OrganizationId) = (organization.Slug, organization.Id);
        return person;
    }

    /// <summary>czctl, which must succeed.</summary>
    public async Task<Outcome> CzctlAsync(params string[] arguments) => (await TryCzctlAsync(arguments)).Succeeded();

    /// <summary>czctl, which may fail.</summary>
    public Task<Outcome> TryCzctlAsync(params string[] arguments) => Czctl.RunAsync(arguments, _environment, _home.FullName, _startsProcesses);

    /// <summary>A file in this person's home.</summary>
    public string Write(string name, string content)
    {
        var path = Path.Combine(_home.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose()
    {
        _api?.Dispose();
        _home.Delete(recursive: true);
    }

    /// <summary>The sign-in that czctl keeps, read anew for each request.</summary>
    private sealed class SignIn(string home) : IHubCredentials
    {
        private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

        public async Task AuthorizeAsync(HttpRequestMessage request, CancellationToken ct)
        {
            var file = Directory.GetFiles(home, "session.json", SearchOption.AllDirectories).Single();
            var session = JsonSerializer.Deserialize<Session>(await File.ReadAllTextAsync(file, ct), Json)!;
            request.Headers.Authorization = new AuthenticationHeaderValue("DPoP", session.AccessToken);
            request.Headers.Add(DpopProof.HeaderName,
                DpopProof.Create(EcPrivateKey.FromPem(session.DpopKey).Value, request.Method.Method, request.RequestUri!, TimeProvider.System.GetUtcNow(), session.AccessToken));
        }

        public Task<bool> RecoverAsync(HttpResponseMessage refused, CancellationToken ct) => Task.FromResult(false);

        private sealed record Session(string AccessToken, string DpopKey);
    }
}
