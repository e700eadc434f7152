using System.Buffers.Text;
using System.Security.Cryptography;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Where an invitation stands.</summary>
public enum InvitationState
{
    Pending,
    Accepted,
    Expired,
    Revoked,
}

/// <summary>An offer of membership to whoever has an e-mail address. Of its token only the hash is kept.</summary>
internal sealed class Invitation(
    Guid organizationId, Guid id, string email, string normalizedEmail, OrganizationRole role, Guid invitedBy, DateTimeOffset createdAt, DateTimeOffset sentAt, DateTimeOffset expiresAt, byte[] tokenHash)
    : ITenantOwned
{
    /// <summary>How long an invitation can be accepted after it was sent.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>The shortest time between two messages of one invitation.</summary>
    public static readonly TimeSpan ResendAfter = TimeSpan.FromMinutes(5);

    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid Id { get; private set; } = id;
    public string Email { get; private set; } = email;
    public string NormalizedEmail { get; private set; } = normalizedEmail;
    public OrganizationRole Role { get; private set; } = role;
    public Guid InvitedBy { get; private set; } = invitedBy;
    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset SentAt { get; private set; } = sentAt;
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;
    public byte[] TokenHash { get; private set; } = tokenHash;

    /// <summary>Set once, by one atomic update.</summary>
    public DateTimeOffset? AcceptedAt { get; private set; }

    public Guid? AcceptedBy { get; private set; }
    public DateTimeOffset? RevokedAt { get; private set; }

    public static Invitation Send(Guid organizationId, string email, string normalizedEmail, OrganizationRole role, Guid invitedBy, InvitationToken token, DateTimeOffset now) =>
        new(organizationId, token.Invitation, email, normalizedEmail, role, invitedBy, now, now, now + Lifetime, token.Hash);

    /// <summary>Another message with another token; the one before is void.</summary>
    public void SendAgain(InvitationToken token, DateTimeOffset now) => (TokenHash, SentAt, ExpiresAt) = (token.Hash, now, now + Lifetime);

    public void Revoke(DateTimeOffset now) => RevokedAt ??= now;

    public InvitationState StateAt(DateTimeOffset now) =>
        AcceptedAt is not null ? InvitationState.Accepted : RevokedAt is not null ? InvitationState.Revoked : now < ExpiresAt ? InvitationState.Pending : InvitationState.Expired;
}

/// <summary>
/// What the message carries: which invitation of which organization, so that no table of all tenants' invitations is needed to find it, and 256 random bits that prove the
/// message was read.
/// </summary>
internal sealed class InvitationToken
{
    /// <summary>In characters.</summary>
    public const int Length = 86;

    private const int IdBytes = 16, SecretBytes = 32;

    private readonly byte[] _bytes;

    private InvitationToken(byte[] bytes) => _bytes = bytes;

    public Guid Organization => new(_bytes.AsSpan(0, IdBytes));
    public Guid Invitation => new(_bytes.AsSpan(IdBytes, IdBytes));
    public byte[] Hash => SHA256.HashData(_bytes);

    public static InvitationToken Create(Guid organization, Guid invitation) => new([.. organization.ToByteArray(), .. invitation.ToByteArray(), .. RandomNumberGenerator.GetBytes(SecretBytes)]);

    /// <summary>Null when the text is no token's.</summary>
    public static InvitationToken? Parse(string? text) =>
        text is { Length: Length } && Base64Url.IsValid(text, out var decoded) && decoded == 2 * IdBytes + SecretBytes ? new(Base64Url.DecodeFromChars(text)) : null;

    /// <summary>The token itself, for the message alone.</summary>
    public string Reveal() => Base64Url.EncodeToString(_bytes);
}
