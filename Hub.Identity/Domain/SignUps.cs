namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// Making an account in two steps: the address first, then, by the link that was sent there, the password. So no account has an address that its person does not
/// have, nobody can put a password of theirs on somebody else's address, and the first step answers alike for every address.
/// </summary>
internal sealed class SignUps(EmailProofs proofs, AccountMails mails, Accounts accounts)
{
    /// <summary>Sends the link; or, to an address that has an account, word of that.</summary>
    /// <param name="query">What the link's page leads on to: empty, or further parameters, each with an ampersand before it.</param>
    public Task RequestAsync(string email, string query, CancellationToken ct) => proofs.SendAsync(EmailPurpose.SignUp, email, owner: null,
        (holder, secret) => holder is null ? mails.FinishSignUp(email, secret, query) : mails.SignUpOfOwner(holder.Email!), ct);

    /// <summary>The link's address; null when it was used or is too old.</summary>
    public async Task<string?> FindAddressAsync(string? secret, CancellationToken ct) => (await FindAsync(secret, ct))?.Email;

    /// <summary>Makes the account, and its first organization.</summary>
    public async Task<SignUpResult> CompleteAsync(string? secret, string password, string? organization, CancellationToken ct) =>
        await FindAsync(secret, ct) is { } proof ? await accounts.SignUpAsync(proof, password, organization, ct) : new SignUpResult.Gone();

    private Task<EmailProof?> FindAsync(string? secret, CancellationToken ct) => proofs.FindAsync(EmailPurpose.SignUp, secret, ct);
}
