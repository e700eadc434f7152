namespace CodeZero.Hub.Identity;

/// <summary>A key that the provider signs, signed or will sign with.</summary>
/// <param name="Id">Its <c>kid</c>.</param>
/// <param name="Algorithm"><c>ES256</c> or <c>RS256</c>.</param>
/// <param name="State"><c>next</c>, <c>signing</c> or <c>retired</c>; all three stand in the key set.</param>
/// <param name="RetiresAt">When it leaves the key set.</param>
public sealed record SigningKeyInfo(string Id, string Algorithm, string State, DateTimeOffset CreatedAt, DateTimeOffset SignsFrom, DateTimeOffset SignsUntil, DateTimeOffset RetiresAt);

/// <summary>The provider's signing keys, for <c>Hub.Api keys</c>. A job does all of this by itself: 90 days, published 14 days before and kept 14 days after.</summary>
public interface ISigningKeys
{
    Task<IReadOnlyList<SigningKeyInfo>> ListAsync(CancellationToken ct);

    /// <summary>Makes successors now, which take over in 14 days, when every verifier knows them. Nothing where one is on its way already.</summary>
    Task RotateAsync(CancellationToken ct);

    /// <summary>
    /// Removes every key and signs with new ones at once, after a key was stolen. Access and ID tokens signed before are void: the Hub refuses them within minutes, others
    /// when they read the key set again. Sign-ins go on, by refresh tokens, which are not signed.
    /// </summary>
    Task ReplaceCompromisedAsync(CancellationToken ct);
}
