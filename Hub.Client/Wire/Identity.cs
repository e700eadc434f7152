namespace CodeZero.Hub.Client;

/// <summary>The signed-in person.</summary>
public sealed record Account(Guid Id, string Email, IReadOnlyList<MyOrganization> Organizations);

/// <summary>An organization, and what the signed-in person is in it: <c>viewer</c>, <c>billing</c>, <c>developer</c>, <c>admin</c> or <c>owner</c>.</summary>
public sealed record MyOrganization(Guid Id, string Slug, string Name, string Role);

/// <summary>An organization in full.</summary>
public sealed record Organization(Guid Id, string Slug, string Name, string Role, DateTimeOffset CreatedAt);

/// <summary>One person's place in an organization.</summary>
public sealed record Member(Guid UserId, string Email, string Role, DateTimeOffset Since);

internal sealed record NewOrganization(string Name, string? Slug);
