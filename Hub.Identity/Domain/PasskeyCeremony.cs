using System.Buffers.Text;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What a prompt asks for.</summary>
internal enum PasskeyPurpose
{
    /// <summary>A new passkey (WebAuthn Level 3 §7.1).</summary>
    Create,

    /// <summary>An answer by a passkey there is (§7.2).</summary>
    Use,
}

/// <summary>
/// A prompt for a passkey that waits for its answer. Its challenge is kept here and not in the browser, and taken out by the first answer, right or wrong:
/// no answer is good twice.
/// </summary>
internal sealed class PasskeyCeremony(byte[] hash, PasskeyPurpose purpose, Guid? userId, string state, DateTimeOffset expiresAt)
{
    public byte[] Hash { get; private set; } = hash;
    public PasskeyPurpose Purpose { get; private set; } = purpose;

    /// <summary>Whose passkey it must be; null when the passkey is to say who it is.</summary>
    public Guid? UserId { get; private set; } = userId;

    /// <summary>The challenge, as ASP.NET Core Identity keeps it.</summary>
    public string State { get; private set; } = state;

    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;
}

/// <summary>A prompt on its way to the browser.</summary>
/// <param name="Handle">Names the ceremony; comes back with the answer.</param>
/// <param name="Options">What <c>navigator.credentials</c> is called with, as JSON.</param>
internal sealed record PasskeyPrompt(string Handle, string Options);

/// <summary>A browser's answer to a prompt, as its form sends it.</summary>
internal sealed class PasskeyAnswer
{
    /// <summary>The handle of the prompt.</summary>
    public string? Ceremony { get; set; }

    /// <summary>The <c>PublicKeyCredential</c> as JSON; nothing when the form was sent without a passkey.</summary>
    public string? Credential { get; set; }

    public bool IsGiven => !string.IsNullOrEmpty(Credential);
}

/// <summary>A person, proved by a passkey.</summary>
/// <param name="IsSynced">The passkey may be copied between its owner's devices.</param>
internal sealed record PasskeyProof(Person Person, bool IsSynced)
{
    /// <summary>Two factors: the key, and the PIN, finger or face that its authenticator asked for.</summary>
    public string[] Amr => [IsSynced ? AuthenticationMethods.SoftwareKey : AuthenticationMethods.HardwareKey, AuthenticationMethods.MultiFactor];
}

/// <summary>A passkey as its person sees it.</summary>
/// <param name="Id">The credential identifier.</param>
/// <param name="LastUsedAt">Null when it was never used.</param>
/// <param name="IsSynced">It may be, or is, copied between devices (backup eligibility, WebAuthn Level 3 §6.1.3); else it stays in one.</param>
internal sealed record PasskeyView(byte[] Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, bool IsSynced)
{
    /// <summary>The identifier in base64url, as addresses and WebAuthn's JSON have it.</summary>
    public string IdText => Base64Url.EncodeToString(Id);
}
