using CodeZero.Hub.Identity.Scim;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What a client asks the resource to be before it changes (RFC 7644 §3.14). The Hub's versions are weak, and are compared so.</summary>
/// <param name="IfMatch">The tags that the header names, none if it cannot be read; null: there is no header, and nothing is asked.</param>
internal sealed record ScimCondition(IReadOnlyList<EntityTagHeaderValue>? IfMatch)
{
    /// <exception cref="ScimException">412: the resource is another version.</exception>
    public void Require(uint version)
    {
        var tag = EntityTagHeaderValue.Parse(ScimAddresses.VersionOf(version));
        if (IfMatch is not null && !IfMatch.Any(named => named.Equals(EntityTagHeaderValue.Any) || named.Compare(tag, useStrongComparison: false)))
            throw ScimException.Changed();
    }
}
