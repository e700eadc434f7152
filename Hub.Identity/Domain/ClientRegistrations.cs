using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>The clients of the scope's organization: registering, changing, new secrets, deleting. Each runs in the caller's transaction and is in the audit log.</summary>
internal sealed class ClientRegistrations(IdentityDb db, Tenant tenant, TokenFamilies families, IAuditLog audit, TimeProvider clock)
{
    /// <summary>The most clients of one organization.</summary>
    public const int Limit = 100;

    /// <summary>The longest life of a secret, and the usual one.</summary>
    public const int MaxSecretDays = 730, DefaultSecretDays = 365;

    /// <summary>How long the secret before may still be used after a new one was made, at most and usually.</summary>
    public const int MaxOverlapHours = 168, DefaultOverlapHours = 24;

    private Guid Organization => tenant.OrganizationId!.Value;

    /// <param name="by">The person or API key that registers it.</param>
    /// <returns>The client and its secret, which nobody can read again (null but for <c>client_secret_basic</c>); null when the organization has as many as it may.</returns>
    public async Task<(RegisteredClient Client, string? Secret)?> RegisterAsync(AcceptedClient settings, int secretDays, Guid by, CancellationToken ct)
    {
        await db.LockAsync($"clients:{Organization}", ct); // two requests must not both count below the limit
        if (await db.Clients.CountAsync(ct) >= Limit)
            return null;
        var now = clock.GetUtcNow();
        var client = new RegisteredClient(Organization, Guid.CreateVersion7(now), by, now);
        client.Apply(settings);
        db.Add(client);
        var secret = settings.AuthenticationMethod == ClientAuthenticationMethods.SecretBasic ? AddSecret(client, secretDays, now).Secret : null;
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(Event("client.registered", client) with { After = settings }, ct);
        return (client, secret);
    }

    public Task<List<RegisteredClientSecret>> SecretsOfAsync(RegisteredClient client, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.ClientSecrets.Where(secret => secret.ClientId == client.Id && secret.ExpiresAt > now).OrderBy(secret => secret.Id).ToListAsync(ct);
    }

    /// <summary>Changes the client. What was granted beyond the new settings ends; secrets end when it no longer authenticates by them.</summary>
    public async Task ChangeAsync(RegisteredClient client, AcceptedClient settings, CancellationToken ct)
    {
        var before = client.ToSettings();
        client.Apply(settings);
        if (settings.AuthenticationMethod != ClientAuthenticationMethods.SecretBasic)
            await db.ClientSecrets.Where(secret => secret.ClientId == client.Id).ExecuteDeleteAsync(ct);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(Event("client.changed", client) with { Before = before, After = settings }, ct);
    }

    /// <summary>A new secret, which nobody can read again. Those before end after the overlap.</summary>
    public async Task<(RegisteredClientSecret Kept, string Secret)> RotateSecretAsync(RegisteredClient client, int secretDays, TimeSpan overlap, CancellationToken ct)
    {
        await db.LockAsync($"client-secrets:{client.Id}", ct); // two at once must not overlook each other's
        var now = clock.GetUtcNow();
        var previous = await db.ClientSecrets.Where(secret => secret.ClientId == client.Id).ToListAsync(ct);
        foreach (var secret in previous)
            if (secret.ExpiresAt <= now || overlap == TimeSpan.Zero)
                db.Remove(secret);
            else
                secret.EndAt(now + overlap);
        var made = AddSecret(client, secretDays, now);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(Event("client.secret_rotated", client) with { After = new { made.Kept.ExpiresAt, PreviousEndAt = now + overlap } }, ct);
        return made;
    }

    /// <summary>Deletes the client, and ends what people allowed it.</summary>
    public async Task DeleteAsync(RegisteredClient client, CancellationToken ct)
    {
        var clientId = client.ClientId.ToString();
        await families.RevokeOfClientAsync(clientId, "its client was deleted", ct);
        await db.Consents.Where(consent => consent.ClientId == clientId).ExecuteDeleteAsync(ct);
        db.Remove(client);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(Event("client.deleted", client) with { Before = client.ToSettings() }, ct);
    }

    private static AuditEvent Event(string action, RegisteredClient client) => new(action, "client", client.ClientId.ToString()) { TargetName = client.Name };

    private (RegisteredClientSecret Kept, string Secret) AddSecret(RegisteredClient client, int days, DateTimeOffset now)
    {
        var secret = Secrets.New();
        var kept = new RegisteredClientSecret(client.OrganizationId, client.Id, Guid.CreateVersion7(now), Secrets.Hash(secret), now, now.AddDays(days));
        db.Add(kept);
        return (kept, secret);
    }
}
