namespace CodeZero.Hub.Clusters.Domain;

/// <summary>A key the Hub signs desired states with, for one stretch of time. It belongs to no tenant.</summary>
internal sealed class StateKey
{
    /// <summary>How long a key signs.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(90);

    /// <summary>How long before it signs a key is made known, vouched for by the one before it.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    private StateKey(string thumbprint, string publicKey, byte[] protectedPrivateKey, DateTimeOffset createdAt, DateTimeOffset signsFrom, DateTimeOffset signsUntil, string? predecessor, byte[]? succession) =>
        (Thumbprint, PublicKey, ProtectedPrivateKey, CreatedAt, SignsFrom, SignsUntil, Predecessor, Succession) =
        (thumbprint, publicKey, protectedPrivateKey, createdAt, signsFrom, signsUntil, predecessor, succession);

    /// <summary>RFC 7638.</summary>
    public string Thumbprint { get; private set; }

    /// <summary>The public JWK.</summary>
    public string PublicKey { get; private set; }

    /// <summary>The private key in PKCS#8 PEM, encrypted by the Hub's key ring.</summary>
    public byte[] ProtectedPrivateKey { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset SignsFrom { get; private set; }
    public DateTimeOffset SignsUntil { get; private set; }

    /// <summary>Thumbprint of the key that vouched for this one; null for the first.</summary>
    public string? Predecessor { get; private set; }

    /// <summary>The envelope in which it did.</summary>
    public byte[]? Succession { get; private set; }

    public static StateKey First(string thumbprint, string publicKey, byte[] protectedPrivateKey, DateTimeOffset now) =>
        new(thumbprint, publicKey, protectedPrivateKey, now, now, now + Life, null, null);

    public StateKey Successor(string thumbprint, string publicKey, byte[] protectedPrivateKey, byte[] succession, DateTimeOffset now)
    {
        var from = SuccessorSignsFrom(now);
        return new(thumbprint, publicKey, protectedPrivateKey, now, from, from + Life, Thumbprint, succession);
    }

    /// <summary>When a successor made now would begin to sign: never without notice, even when it is made late.</summary>
    public DateTimeOffset SuccessorSignsFrom(DateTimeOffset now) => now + Notice > SignsUntil ? now + Notice : SignsUntil;

    public bool SignsAt(DateTimeOffset now) => SignsFrom <= now;

    public bool NeedsSuccessorAt(DateTimeOffset now) => SignsUntil - now <= Notice;
}
