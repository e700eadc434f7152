using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// Everything the Hub holds of a person, as one JSON document, written while it is read. Secrets are not in it, nor hashes of them: they would help nobody but a thief.
/// </summary>
internal sealed class PersonExport(IdentityDb db, Organizations organizations, Passkeys passkeys, SecondFactors factors, Consents consents, PersonalTokens tokens, IServiceScopeFactory scopes, Tenant tenant, TimeProvider clock)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // a file to keep and read, in no page
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public async Task WriteAsync(Stream to, Guid userId, CancellationToken ct)
    {
        tenant.SignIn(userId);
        var person = await db.Users.AsNoTracking().SingleAsync(row => row.Id == userId, ct);
        var memberships = await db.InTransactionAsync(() => organizations.OfPerson(userId).OrderBy(membership => membership.Slug).ToListAsync(ct), ct);
        await JsonSerializer.SerializeAsync(to, new
        {
            ExportedAt = clock.GetUtcNow(),
            Account = new { person.Id, person.Email, person.EmailConfirmed, person.CreatedAt, HasPassword = person.PasswordHash is not null, person.TwoFactorEnabled, person.AccessFailedCount, person.LockoutEnd },
            Passkeys = (await passkeys.ListAsync(userId, ct)).Select(passkey => new { Id = passkey.IdText, passkey.Name, passkey.CreatedAt, passkey.LastUsedAt, passkey.IsSynced }),
            SecondFactors = await factors.ReadAsync(userId, ct),
            Sessions = ReadAsync(db.Sessions.AsNoTracking().Where(row => row.UserId == userId).OrderBy(row => row.Id)
                .Select(row => new { row.Id, row.Device, row.Address, row.Amr, row.AuthenticatedAt, row.LimitedTo, row.LastSeenAt, row.ExpiresAt, row.EndedAt }), ct),
            Tokens = ReadAsync(tokens.Of(userId).OrderBy(row => row.Id)
                .Select(row => new { row.Id, row.Name, row.Permissions, row.Organizations, row.CreatedAt, row.ExpiresAt, row.LastUsedAt, row.RevokedAt }), ct),
            Applications = await consents.ListAsync(userId, ct),
            Connections = ReadAsync(db.Grants.AsNoTracking().Where(row => row.UserId == userId).OrderBy(row => row.Id)
                .Select(row => new { row.Id, row.ClientId, row.Scopes, row.LimitedTo, row.AuthenticatedAt, row.CreatedAt, row.ExpiresAt, row.RevokedAt }), ct),
            Deletion = await db.AccountDeletions.AsNoTracking().Where(row => row.UserId == userId).Select(row => new { row.RequestedAt, row.DueAt }).SingleOrDefaultAsync(ct),
            Organizations = memberships.Select(membership => new { membership.OrganizationId, membership.Slug, membership.Name, membership.Role }),
            Providers = await db.InTransactionAsync(() => db.SsoLinks.IgnoreQueryFilters([ModuleDatabase.TenantFilter]).AsNoTracking().Where(link => link.UserId == userId).OrderBy(link => link.CreatedAt)
                .Select(link => new { link.OrganizationId, link.Issuer, link.Subject, link.CreatedAt, link.LastUsedAt }).ToListAsync(ct), ct),
            Provisioned = await ProvisionedAsync(userId, ct),
            Actions = ActionsAsync(userId, [.. memberships.Select(membership => membership.OrganizationId)], ct),
        }, Json, ct);
    }

    /// <summary>What directories of organizations say of the person, also of those that they have left.</summary>
    private async Task<IEnumerable<object>> ProvisionedAsync(Guid userId, CancellationToken ct)
    {
        var rows = await db.InTransactionAsync(() => db.ScimUsers.IgnoreQueryFilters([ModuleDatabase.TenantFilter]).AsNoTracking().Where(row => row.UserId == userId).OrderBy(row => row.OrganizationId).ToListAsync(ct), ct);
        return rows.Select(row => new { row.OrganizationId, row.Active, row.CreatedAt, row.ModifiedAt, Said = JsonElement.Parse(row.Attributes) });
    }

    /// <summary>Reads rows one by one, and lets go of the connection after the last: the serializer would hold on to it while it asks for what comes next.</summary>
    private static async IAsyncEnumerable<T> ReadAsync<T>(IQueryable<T> rows, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in rows.AsAsyncEnumerable().WithCancellation(ct))
            yield return row;
    }

    /// <summary>What the audit logs of the person's organizations say they did.</summary>
    private async IAsyncEnumerable<object> ActionsAsync(Guid userId, Guid[] organizationIds, [EnumeratorCancellation] CancellationToken ct)
    {
        var actor = userId.ToString();
        foreach (var organizationId in organizationIds)
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organizationId);
            var audited = scope.ServiceProvider.GetRequiredService<IdentityDb>();
            await using var transaction = await audited.Database.BeginTransactionAsync(ct);
            await foreach (var entry in audited.AuditEvents.AsNoTracking().Where(row => row.ActorKind == AuditActorKind.Person && row.ActorId == actor).OrderBy(row => row.Sequence).AsAsyncEnumerable().WithCancellation(ct))
                yield return new { entry.OrganizationId, entry.OccurredAt, entry.Action, entry.TargetType, entry.TargetId, entry.TargetName, entry.ClientId, entry.IpAddress, entry.UserAgent };
        }
    }
}
