using System.Reflection;
using System.Text.RegularExpressions;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>
/// The list of what any OpenID provider has to refuse, by the letters of its themes: A authorization, P PKCE, C clients, D codes, R refresh tokens, M machines and resources, I tokens in use,
/// Q pushed requests, J proofs, L signing out, V devices, K discovery and keys, O organizations and tokens, T Kubernetes' API servers, Z what must succeed. Each row is the name of a test, or stands here with the
/// reason why it cannot be one.
/// </summary>
public sealed partial class NegativeCaseTests
{
    private static readonly (char Theme, int From, int To)[] Rows =
    [
        ('A', 1, 43), ('P', 1, 12), ('C', 1, 25), ('D', 1, 13), ('R', 1, 14), ('M', 1, 9), ('I', 1, 20), ('Q', 1, 10), ('J', 1, 15), ('L', 1, 9), ('K', 1, 7), ('V', 1, 14), ('O', 1, 5), ('T', 1, 6), ('Z', 1, 12),
    ];

    private const string ByApiServer = "An API server checks it, and not the Hub: KubernetesSignInTests (Cli.Tests), JwtAuthenticatorTests and AuthenticationConfigurationTests (DevCluster.Tests).";

    private static readonly Dictionary<string, string> Exempt = new()
    {
        ["R11"] = "Tokens are bound to keys by DPoP alone. There is no mutual TLS (RFC 8705), so there is no certificate that could differ.",
        ["J10"] = "No nonces are asked for. Every proof is good once, on all replicas, for 60 seconds and 10 ahead of our clock; what a nonce would add is against somebody who can sign with a client's key for a "
            + "moment and makes proofs for later. He also needs a refresh token that is still good later: they change with each use, and the use of an old one ends the family.",
        ["T01"] = ByApiServer, ["T02"] = ByApiServer, ["T03"] = ByApiServer, ["T05"] = ByApiServer, ["T06"] = ByApiServer,
    };

    [Fact]
    public void Every_row_is_a_test_or_has_a_reason()
    {
        var named = Assembly.GetExecutingAssembly().GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static))
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null).SelectMany(NamesOf).SelectMany(name => Row().Matches(name)).Select(match => match.Value).ToHashSet();
        var rows = Rows.SelectMany(range => Enumerable.Range(range.From, range.To - range.From + 1).Select(row => $"{range.Theme}{row:00}")).ToList();

        Assert.Equal([], rows.Where(row => !named.Contains(row) && !Exempt.ContainsKey(row)));
        Assert.Equal([], Exempt.Keys.Where(row => named.Contains(row) || !rows.Contains(row)));
    }

    /// <summary>The method's name, and the first argument of each case, which names the row where a theory has many.</summary>
    private static IEnumerable<string> NamesOf(MethodInfo test)
    {
        yield return test.Name;
        foreach (var data in test.GetCustomAttributes<Xunit.Sdk.DataAttribute>())
            foreach (var arguments in data.GetData(test))
                if (arguments is [string first, ..])
                    yield return first;
    }

    [GeneratedRegex(@"(?<![A-Za-z0-9])[A-Z][0-9]{2}(?![0-9])")]
    private static partial Regex Row();
}
