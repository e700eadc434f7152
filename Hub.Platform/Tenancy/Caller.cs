using CodeZero.Hub.Contracts;

namespace CodeZero.Hub.Platform.Tenancy;

/// <summary>The member of an organization who makes this request. Only on routes with <see cref="OrganizationPolicy"/>, which fills it in.</summary>
public sealed class Caller
{
    private Membership? _membership;
    private Guid _userId;

    public Guid UserId => _membership is null ? throw Missing() : _userId;
    public Guid Organization => Membership.OrganizationId;
    public string OrganizationSlug => Membership.Slug;
    public OrganizationRole Role => Membership.Role;

    private Membership Membership => _membership ?? throw Missing();

    internal void Become(Guid userId, Membership membership) => (_userId, _membership) = (userId, membership);

    private static InvalidOperationException Missing() => new("This route has no organization policy, so it has no caller.");
}
