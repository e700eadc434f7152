namespace CodeZero.Hub.Identity.Scim;

/// <summary>The Hub's resources as SCIM describes them. From these tables come <c>/Schemas</c>, what is read from requests, and how filters compare.</summary>
internal static class ScimSchemas
{
    public const string ErrorMessage = "urn:ietf:params:scim:api:messages:2.0:Error";
    public const string ListResponse = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    public const string PatchMessage = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

    /// <summary>The extension by which a group gives a role of the organization.</summary>
    public const string GroupExtension = "urn:codezero:params:scim:schemas:extension:2.0:Group";

    private const string EnterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    /// <summary>The most members of a group: everybody.</summary>
    public const int MaxMembers = 10_000;

    public static ScimAttribute Id { get; } = new("id", "The resource's identifier at the Hub; it never changes.") { IsReadOnly = true, IsCaseExact = true, IsUnique = true, Returned = ScimReturned.Always };

    public static ScimAttribute ExternalId { get; } = new("externalId", "The directory's own identifier of the resource.") { IsCaseExact = true };

    public static ScimAttribute UserName { get; } = new("userName", "What the directory calls the person, such as their e-mail address.") { IsRequired = true, IsUnique = true, MaxLength = 254 };

    public static ScimAttribute Emails { get; } = new("emails", "E-mail addresses. The primary one, else the first of type work, else the first, else the userName, is the address of the person's account.")
    {
        Type = ScimType.Complex,
        IsMultiValued = true,
        Parts =
        [
            new("value", "The address.") { IsRequired = true, MaxLength = 254 },
            new("display", "The address as it is to be shown."),
            new("type", "Such as work or home.") { MaxLength = 64 },
            new("primary", "Whether it is the first one to use.") { Type = ScimType.Boolean },
        ],
    };

    public static ScimAttribute Active { get; } = new("active", "Whether the person is a member of the organization.") { Type = ScimType.Boolean };

    public static ScimAttribute Groups { get; } = new("groups", "The groups that the person is in.")
    {
        Type = ScimType.Complex,
        IsMultiValued = true,
        IsReadOnly = true,
        Parts =
        [
            new("value", "The group's id.") { IsReadOnly = true, IsCaseExact = true },
            new("$ref", "The group's address.") { Type = ScimType.Reference, IsReadOnly = true, IsCaseExact = true, ReferenceTypes = ["Group"] },
            new("display", "The group's name.") { IsReadOnly = true },
        ],
    };

    public static ScimAttribute GroupName { get; } = new("displayName", "The group's name.") { IsRequired = true };

    public static ScimAttribute Members { get; } = new("members", "The users in the group. Groups in groups are not supported.")
    {
        Type = ScimType.Complex,
        IsMultiValued = true,
        MaxValues = MaxMembers,
        Parts =
        [
            new("value", "The user's id.") { IsRequired = true, IsCaseExact = true, MaxLength = 36 },
            new("$ref", "The user's address.") { Type = ScimType.Reference, IsReadOnly = true, IsCaseExact = true, ReferenceTypes = ["User"] },
            new("display", "The user's userName.") { IsReadOnly = true },
            new("type", "User.") { IsReadOnly = true },
        ],
    };

    public static ScimAttribute Role { get; } = new("role", "The role that the group's members have in the organization, at least. Without it the group gives none.") { Choices = ["viewer", "billing", "developer", "admin"] };

    public static ScimResourceType User { get; } = new("User", "Users", "urn:ietf:params:scim:schemas:core:2.0:User", "A member of the organization, present or past.",
        [
            UserName,
            new("name", "The parts of the person's name.")
            {
                Type = ScimType.Complex,
                Parts = [new("formatted", "The whole name."), new("familyName", "The family name."), new("givenName", "The given name.")],
            },
            new("displayName", "The name to show."),
            Emails,
            Active,
            Groups,
        ],
        Extension: null,
        [
            "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone", "password", "phoneNumbers", "ims", "photos", "addresses", "entitlements", "roles",
            "x509Certificates", "name.middleName", "name.honorificPrefix", "name.honorificSuffix", EnterpriseUser,
        ]);

    public static ScimResourceType Group { get; } = new("Group", "Groups", "urn:ietf:params:scim:schemas:core:2.0:Group", "Users of the directory that belong together, and may share a role.",
        [GroupName, Members],
        new(GroupExtension, "What a group means in the organization.") { Type = ScimType.Complex, Parts = [Role] },
        []);

    public static IReadOnlyList<ScimResourceType> All { get; } = [User, Group];
}
