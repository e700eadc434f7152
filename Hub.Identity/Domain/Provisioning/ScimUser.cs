using System.Text.Json.Nodes;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Scim;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// What an organization's directory says of a person: the organization's own view, which no other organization sees and which changes nothing at the account. While it is active the
/// person is a member.
/// </summary>
internal sealed class ScimUser(Guid organizationId, Guid id, Guid userId, OrganizationRole role, DateTimeOffset createdAt) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;

    /// <summary>The SCIM resource, which is not the account.</summary>
    public Guid Id { get; private set; } = id;

    /// <summary>The account it stands for, for good.</summary>
    public Guid UserId { get; private set; } = userId;

    public string UserName { get; private set; } = "";

    /// <summary>In upper case: user names differ by more than case.</summary>
    public string NormalizedUserName { get; private set; } = "";

    public string? ExternalId { get; private set; }

    public bool Active { get; private set; }

    /// <summary>The role in which the membership comes back.</summary>
    public OrganizationRole Role { get; private set; } = role;

    /// <summary>All that the directory said, as SCIM writes it.</summary>
    public string Attributes { get; private set; } = "{}";

    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset ModifiedAt { get; private set; } = createdAt;
    public uint RowVersion { get; private set; }

    public void Describe(ScimUserEntry entry, DateTimeOffset now)
    {
        (UserName, NormalizedUserName, ExternalId, Active) = (entry.UserName, entry.NormalizedUserName, entry.ExternalId, entry.Active);
        (Attributes, ModifiedAt) = (entry.Attributes.ToJsonString(), now);
    }

    public void ComeBackAs(OrganizationRole role) => Role = role;
}

/// <summary>What a directory says of a person, read and found to be acceptable in itself.</summary>
/// <param name="Address">The e-mail address by which the account is found or made.</param>
/// <param name="Attributes">All of it.</param>
internal sealed record ScimUserEntry(string UserName, string? ExternalId, bool Active, string Address, JsonObject Attributes)
{
    public string NormalizedUserName => UserName.ToUpperInvariant();

    /// <param name="attributes">As <see cref="ScimReader"/> or <see cref="ScimPatch"/> leave them.</param>
    /// <param name="active">What the user is when the directory does not say.</param>
    public static ScimUserEntry Of(JsonObject attributes, bool active)
    {
        attributes.TryAdd(ScimSchemas.Active.Name, active);
        var userName = Text(attributes, ScimSchemas.UserName)!;
        var address = AddressIn(attributes) ?? userName;
        if (EmailAddress.FindFault(address) is { } fault)
            throw ScimException.InvalidValue($"A user needs an e-mail address, as the primary one of 'emails' or as 'userName'. \"{address}\": {fault}");
        return new(userName, Text(attributes, ScimSchemas.ExternalId), attributes[ScimSchemas.Active.Name]!.GetValue<bool>(), address, attributes);
    }

    private static string? Text(JsonObject attributes, ScimAttribute attribute) => attributes[attribute.Name]?.GetValue<string>();

    private static string? AddressIn(JsonObject attributes)
    {
        var emails = attributes[ScimSchemas.Emails.Name]?.AsArray().OfType<JsonObject>().ToList() ?? [];
        var chosen = emails.Find(email => email["primary"]?.GetValue<bool>() ?? false)
            ?? emails.Find(email => "work".Equals(email["type"]?.GetValue<string>(), StringComparison.OrdinalIgnoreCase)) ?? emails.FirstOrDefault();
        return chosen?["value"]!.GetValue<string>();
    }
}
