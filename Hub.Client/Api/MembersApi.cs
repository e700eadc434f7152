namespace CodeZero.Hub.Client;

/// <summary>Members of an organization, and invitations to it.</summary>
public sealed class MembersApi
{
    private readonly HubTransport _hub;

    internal MembersApi(HubTransport hub) => _hub = hub;

    public IAsyncEnumerable<Member> ListAsync(string org, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/members"), WireJson.Default.PageMember, ct);

    /// <summary>A member, with the ETag that changing them asks for.</summary>
    public Task<Tagged<Member>> GetAsync(string org, Guid user, CancellationToken ct = default) =>
        _hub.GetTaggedAsync(Address.Of($"v1/orgs/{org}/members/{user}"), WireJson.Default.Member, ct);

    /// <param name="role"><c>viewer</c>, <c>billing</c>, <c>developer</c>, <c>admin</c> or <c>owner</c>; at most the caller's own.</param>
    /// <param name="etag">Of the member as they were when this was decided.</param>
    public Task<Tagged<Member>> ChangeAsync(string org, Guid user, string role, string etag, CancellationToken ct = default) =>
        _hub.SendAsync(HttpMethod.Patch, Address.Of($"v1/orgs/{org}/members/{user}"), WireJson.Default.Member, HubTransport.Json(new RoleChange(role), WireJson.Default.RoleChange), etag, ct);

    public Task RemoveAsync(string org, Guid user, CancellationToken ct = default) => _hub.DeleteAsync(Address.Of($"v1/orgs/{org}/members/{user}"), ct);

    /// <summary>Ends the caller's own membership.</summary>
    public Task LeaveAsync(string org, CancellationToken ct = default) => _hub.DeleteAsync(Address.Of($"v1/orgs/{org}/membership"), ct);

    /// <summary>The newest first.</summary>
    public IAsyncEnumerable<Invitation> InvitationsAsync(string org, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/invitations"), WireJson.Default.PageInvitation, ct);

    /// <summary>Sends a message that lets whoever has the address join.</summary>
    public Task<Invitation> InviteAsync(string org, string email, string role, CancellationToken ct = default) =>
        _hub.PostAsync(Address.Of($"v1/orgs/{org}/invitations"), new NewInvitation(email, role), WireJson.Default.NewInvitation, WireJson.Default.Invitation, ct);

    /// <summary>Sends another message; the one before is void.</summary>
    public async Task<Invitation> ResendAsync(string org, Guid invitation, CancellationToken ct = default) =>
        (await _hub.SendAsync(HttpMethod.Post, Address.Of($"v1/orgs/{org}/invitations/{invitation}/resend"), WireJson.Default.Invitation, null, null, ct)).Value;

    public Task RevokeAsync(string org, Guid invitation, CancellationToken ct = default) => _hub.DeleteAsync(Address.Of($"v1/orgs/{org}/invitations/{invitation}"), ct);
}
