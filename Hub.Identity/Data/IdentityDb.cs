using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>The schema <c>identity</c>. Accounts belong to no tenant; organizations and memberships do.</summary>
internal sealed class IdentityDb : IdentityUserContext<Person, Guid>, IModuleDb
{
    public const string Schema = "identity";

    private readonly Tenant _tenant;

    public IdentityDb(DbContextOptions<IdentityDb> options, Tenant tenant) : base(options)
    {
        _tenant = tenant;
        Database.AutoSavepointsEnabled = false; // a transaction is all or nothing: after a failure it can only be rolled back
    }

    public Guid CurrentOrganization => _tenant.OrganizationId ?? Guid.Empty;

    public DbSet<DirectoryEntry> Directory => Set<DirectoryEntry>();
    public DbSet<Organization> Organizations => Set<Organization>();
    public DbSet<Member> Memberships => Set<Member>();
    public DbSet<Invitation> Invitations => Set<Invitation>();
    public DbSet<OrganizationDomain> Domains => Set<OrganizationDomain>();
    public DbSet<VerifiedDomain> VerifiedDomains => Set<VerifiedDomain>();
    public DbSet<DomainJoin> DomainJoins => Set<DomainJoin>();
    public DbSet<ScimDirectory> ScimDirectories => Set<ScimDirectory>();
    public DbSet<ScimUser> ScimUsers => Set<ScimUser>();
    public DbSet<ScimGroup> ScimGroups => Set<ScimGroup>();
    public DbSet<ScimGroupMember> ScimGroupMembers => Set<ScimGroupMember>();
    public DbSet<AuditRecord> AuditEvents => Set<AuditRecord>();
    public DbSet<EmailProof> EmailProofs => Set<EmailProof>();
    public DbSet<Authenticator> Authenticators => Set<Authenticator>();
    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<AccountDeletion> AccountDeletions => Set<AccountDeletion>();
    public DbSet<PasskeyCeremony> PasskeyCeremonies => Set<PasskeyCeremony>();
    public DbSet<PendingAuthorization> PendingAuthorizations => Set<PendingAuthorization>();
    public DbSet<Consent> Consents => Set<Consent>();
    public DbSet<Grant> Grants => Set<Grant>();
    public DbSet<AuthorizationCode> AuthorizationCodes => Set<AuthorizationCode>();
    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();
    public DbSet<DeviceAuthorization> DeviceAuthorizations => Set<DeviceAuthorization>();
    public DbSet<PushedRequest> PushedRequests => Set<PushedRequest>();
    public DbSet<RevokedToken> RevokedTokens => Set<RevokedToken>();
    public DbSet<RegisteredClient> Clients => Set<RegisteredClient>();
    public DbSet<RegisteredClientSecret> ClientSecrets => Set<RegisteredClientSecret>();
    public DbSet<Workload> Workloads => Set<Workload>();
    public DbSet<SsoProvider> SsoProviders => Set<SsoProvider>();
    public DbSet<SsoLink> SsoLinks => Set<SsoLink>();
    public DbSet<SsoSignIn> SsoSignIns => Set<SsoSignIn>();
    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();
    public DbSet<PersonalToken> PersonalTokens => Set<PersonalToken>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    /// <summary>Waits until no other transaction holds the same name; held to the end of this transaction.</summary>
    public Task LockAsync(string name, CancellationToken ct) =>
        Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({"identity:" + name}, 0))", ct);

    /// <summary>The person, and nobody else changes them until this transaction ends. Null when there is none.</summary>
    public Task<Person?> FindAndLockPersonAsync(Guid id, CancellationToken ct) => Users.FromSql($"select * from identity.users where id = {id} for no key update").SingleOrDefaultAsync(ct);

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        PeopleModel.Map(builder);
        PasskeysModel.Map(builder);
        AccountDeletionsModel.Map(builder);
        OrganizationsModel.Map(builder);
        ProvisioningModel.Map(builder);
        AuditModel.Map(builder);
        SsoModel.Map(builder);
        ProviderModel.Map(builder);
        ApiTokensModel.Map(builder);
        builder.ApplyHubConventions(this, Schema);
    }
}
