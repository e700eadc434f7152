using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Tests of the token exchange share one Hub, and an organization that most of them leave as it is.</summary>
public sealed class TokenExchangeFixture : IdentityFixture
{
    private Task<TestPerson>? _owner;
    private Task<OwnedCluster>? _cluster;
    private Task<Workload>? _workload;

    /// <summary>The organization's owner, with an access token of this moment.</summary>
    public async Task<TestPerson> OwnerAsync()
    {
        var owner = await (_owner ??= TestPerson.SignUpAsync(Hub));
        await owner.RenewAsync();
        return owner;
    }

    internal async Task<OwnedCluster> ClusterAsync() => await (_cluster ??= OwnedCluster.CreateAsync(this, await OwnerAsync()));

    internal async Task<Workload> WorkloadAsync() => await (_workload ??= Workload.CreateAsync(this, await OwnerAsync()));

    public override async Task DisposeAsync()
    {
        if (_owner is not null)
            (await _owner).Dispose();
        if (_workload is not null)
            (await _workload).Key.Dispose();
        await base.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class TokenExchange : ICollectionFixture<TokenExchangeFixture>
{
    public const string Name = "token exchange";
    public const string Grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    public const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";
    public const string IdToken = "urn:ietf:params:oauth:token-type:id_token";
    public const string JwtType = "urn:ietf:params:oauth:token-type:jwt";
}

/// <summary>A cluster, and people who ask for ID tokens for its API server.</summary>
internal sealed record OwnedCluster(IdentityFixture Fixture, Guid Organization, Guid Id)
{
    public string Audience => $"{Fixture.Issuer}/orgs/{Organization}/clusters/{Id}";

    /// <summary>Makes a cluster in the person's own organization.</summary>
    public static async Task<OwnedCluster> CreateAsync(IdentityFixture fixture, TestPerson owner)
    {
        var made = await owner.Client.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clusters", new { name = $"c-{Guid.CreateVersion7():N}" }).JsonAsync(HttpStatusCode.Created);
        return new(fixture, owner.OrganizationId, made.GetProperty("id").GetGuid());
    }

    /// <summary>Exchanges the person's access token for an ID token, with a change of the request.</summary>
    /// <param name="proof">The key of the proof; default: the person's.</param>
    public Task<HttpResponseMessage> AskAsync(TestPerson person, DpopKey? proof = null, params string[] changes) => Flow.SignedOut(Fixture).As("czctl", proof ?? person.Key).TokenAsync(Flow.Change(
    [
        ("grant_type", TokenExchange.Grant), ("client_id", "czctl"), ("subject_token", person.AccessToken), ("subject_token_type", TokenExchange.AccessToken),
        ("requested_token_type", TokenExchange.IdToken), ("audience", Audience),
    ], changes));
}

/// <summary>A client of an organization, and the service account of a cluster that may act as it.</summary>
internal sealed record Workload(TestPerson Owner, string Client, string ClientAddress, string Address, DpopKey Key)
{
    public const string Issuer = "https://kubernetes.default.svc.cluster.local", Subject = "system:serviceaccount:shop:orders";

    public string All => ClientAddress + "/workloads";

    /// <param name="method">How the client authenticates otherwise.</param>
    /// <param name="key">The cluster's; default: a new one.</param>
    public static async Task<Workload> CreateAsync(IdentityFixture fixture, TestPerson owner, string method = "client_secret_basic", DpopKey? key = null)
    {
        var request = new JsonObject
        {
            ["client"] = new JsonObject
            {
                ["name"] = "Orders", ["authenticationMethod"] = method, ["grants"] = new JsonArray(TokenExchange.Grant), ["scopes"] = new JsonArray("orders:read"), ["resources"] = new JsonArray(ResourceOf(fixture, owner)),
            },
        };
        var client = (await owner.Client.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clients", request).JsonAsync(HttpStatusCode.Created)).GetProperty("client");
        var made = new Workload(owner, client.Text("clientId")!, $"/v1/orgs/{owner.Slug}/clients/{client.Text("id")}", "", key ?? new());
        var added = await owner.Client.PostAsJsonAsync(made.All, made.Settings()).JsonAsync(HttpStatusCode.Created);
        return made with { Address = $"{made.All}/{added.Text("id")}" };
    }

    public static string ResourceOf(IdentityFixture fixture, TestPerson owner) => $"{fixture.Issuer}/orgs/{owner.OrganizationId}/orders";

    public JsonObject Settings() => new() { ["issuer"] = Issuer, ["subject"] = Subject, ["keys"] = new JsonObject { ["keys"] = new JsonArray(Key.Jwk) } };

    public async Task ChangeAsync(Action<JsonObject> change, HttpStatusCode expected = HttpStatusCode.OK)
    {
        var settings = Settings();
        change(settings);
        await Owner.Client.ChangeAsync(HttpMethod.Put, Address, settings).JsonAsync(expected);
    }
}
