namespace CodeZero.Hub.Identity.Tests;

/// <summary>The provider with clients that nobody here wrote: two libraries, each through every flow that the provider offers, over real HTTP.</summary>
public sealed class RelyingPartyTests(RelyingPartyFixture parties) : IClassFixture<RelyingPartyFixture>
{
    /// <summary>The libraries, by their names at npm.</summary>
    public static readonly string[] Libraries = ["openid-client", "oauth4webapi"];

    private static readonly string[] Flows =
    [
        "discovery", "code with PKCE", "ID token ES256", "userinfo", "refresh", "pushed authorization request", "DPoP", "private_key_jwt ES256", "private_key_jwt PS256", "client_secret_basic",
        "introspection", "revocation", "client_credentials", "refusals", "device authorization", "logout",
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var library in Libraries)
                foreach (var flow in Flows)
                    cases.Add(library, flow);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_library_that_nobody_here_wrote_goes_through(string library, string flow)
    {
        Assert.True(parties.OutcomesOf(library).TryGetValue(flow, out var fault), $"{library} has not tried {flow}.");
        Assert.True(fault is null, fault);
    }

    [Fact]
    public void Every_flow_that_a_library_tries_is_looked_at() => Assert.All(Libraries, library => Assert.Equal(Flows.Order(), parties.OutcomesOf(library).Keys.Order()));
}
