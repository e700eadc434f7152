using CodeZero.Hub.Identity.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// The accounts as authenticators know them: by their random handle, where the framework's handler would give every authenticator the account's
/// identifier, which tokens and member lists show to others.
/// </summary>
internal sealed class PasskeyOwners(
    IdentityDb db, IUserStore<Person> store, IOptions<IdentityOptions> options, IPasswordHasher<Person> hasher, IEnumerable<IUserValidator<Person>> userValidators,
    IEnumerable<IPasswordValidator<Person>> passwordValidators, ILookupNormalizer normalizer, IdentityErrorDescriber errors, IServiceProvider services, ILogger<PasskeyOwners> log)
    : UserManager<Person>(store, options, hasher, userValidators, passwordValidators, normalizer, errors, services, log)
{
    public override Task<string> GetUserIdAsync(Person user) => Task.FromResult(user.PasskeyHandle);

    public override Task<Person?> FindByIdAsync(string userId) => db.Users.SingleOrDefaultAsync(person => person.PasskeyHandle == userId, CancellationToken);
}
