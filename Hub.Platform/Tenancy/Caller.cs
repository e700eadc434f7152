using CodeZero.Hub.Contracts;

namespace CodeZero.Hub.Platform.Tenancy;

/// <summary>The member, or the API key, of an organization who makes this request. Only on routes with <see cref="OrganizationPolicy"/>, which fills it in.</summary>
public sealed class Caller
{
    private Membership? _membership;
    private Guid _id;
    private bool _isKey;

    /// <summary>Who made, published or asked for something: the person's id, or the key's. Which of the two it is, the audit log keeps.</summary>
    public Guid Id => _membership is null ? throw Missing() : _id;

    /// <summary>The person, for what only a person can do: no key may have <see cref="Permissions.LeaveOrganization"/> or what is an owner's.</summary>
    public Guid UserId => _isKey ? throw new InvalidOperationException("An API key calls, which is nobody.") : Id;

    public Guid Organization => Membership.OrganizationId;
    public string OrganizationSlug => Membership.Slug;
    public OrganizationRole Role => Membership.Role;

    private Membership Membership => _membership ?? throw Missing();

    internal void Become(Guid id, bool isKey, Membership membership) => (_id, _isKey, _membership) = (id, isKey, membership);

    private static InvalidOperationException Missing() => new("This route has no organization policy, so it has no caller.");
}
