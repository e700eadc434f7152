using System.Text.Json.Nodes;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Scim;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>A group of an organization's directory.</summary>
internal sealed class ScimGroup(Guid organizationId, Guid id, DateTimeOffset createdAt) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid Id { get; private set; } = id;
    public string DisplayName { get; private set; } = "";
    public string? ExternalId { get; private set; }

    /// <summary>The role that its members have at least; null: the group gives none. Never owner.</summary>
    public OrganizationRole? Role { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; } = createdAt;

    /// <summary>Of members too, so that the row has another version when they change.</summary>
    public DateTimeOffset ModifiedAt { get; private set; } = createdAt;

    public uint RowVersion { get; private set; }

    public void Describe(ScimGroupEntry entry, DateTimeOffset now) => (DisplayName, ExternalId, Role, ModifiedAt) = (entry.DisplayName, entry.ExternalId, entry.Role, now);
}

/// <summary>That a user is in a group.</summary>
internal sealed class ScimGroupMember(Guid organizationId, Guid groupId, Guid memberId) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid GroupId { get; private set; } = groupId;

    /// <summary>The <see cref="ScimUser"/>.</summary>
    public Guid MemberId { get; private set; } = memberId;
}

/// <summary>What a directory says of a group, read and found to be acceptable in itself.</summary>
internal sealed record ScimGroupEntry(string DisplayName, string? ExternalId, OrganizationRole? Role, IReadOnlySet<Guid> Members)
{
    /// <param name="attributes">As <see cref="ScimReader"/> or <see cref="ScimPatch"/> leave them.</param>
    public static ScimGroupEntry Of(JsonObject attributes)
    {
        var role = attributes[ScimSchemas.GroupExtension]?[ScimSchemas.Role.Name]?.GetValue<string>();
        return new(attributes[ScimSchemas.GroupName.Name]!.GetValue<string>(), attributes[ScimSchemas.ExternalId.Name]?.GetValue<string>(),
            role is null ? null : Enum.Parse<OrganizationRole>(role, ignoreCase: true),
            (attributes[ScimSchemas.Members.Name]?.AsArray() ?? []).Select(member => IdOf(member!["value"]!.GetValue<string>())).ToHashSet());
    }

    private static Guid IdOf(string text) => Guid.TryParseExact(text, "D", out var id) ? id
        : throw ScimException.InvalidValue($"A member's 'value' is the id of a user of this directory, which \"{text}\" is not.");
}
