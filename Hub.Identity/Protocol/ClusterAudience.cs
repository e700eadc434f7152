namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// A cluster's API server as the audience of ID tokens: <c>&lt;issuer&gt;/orgs/&lt;organization id&gt;/clusters/&lt;cluster id&gt;</c>. Each cluster has its own, so that one
/// cluster can use what it was sent at no other.
/// </summary>
internal readonly record struct ClusterAudience(Guid OrganizationId, Guid ClusterId)
{
    /// <summary>What begins the audiences of clusters, among an organization's resources. No client can have such a resource.</summary>
    public static string PrefixIn(string resourcePrefix) => resourcePrefix + "clusters/";

    /// <summary>Null for any other text: there is one spelling.</summary>
    public static ClusterAudience? TryParse(string text, string issuer) =>
        text.StartsWith(issuer, StringComparison.Ordinal) && text[issuer.Length..].Split('/') is ["", "orgs", var first, "clusters", var second]
            && Guid.TryParse(first, out var organization) && Guid.TryParse(second, out var cluster)
            && new ClusterAudience(organization, cluster) is var audience && audience.Of(issuer) == text
            ? audience
            : null;

    public string Of(string issuer) => PrefixIn(ClientRules.ResourcePrefix(issuer, OrganizationId)) + ClusterId;
}
