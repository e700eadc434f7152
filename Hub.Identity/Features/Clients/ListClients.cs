using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/clients: the organization's own clients, the oldest first.</summary>
public static class ListClients
{
    public sealed record Item(Guid Id, string ClientId, string Name, bool Enabled, string AuthenticationMethod, IReadOnlyList<string> Grants, DateTimeOffset CreatedAt);

    [EndpointSummary("List clients")]
    internal static async Task<Ok<Page<Item>>> Handle([AsParameters] PageRequest page, HttpContext context, IdentityDb db, CancellationToken ct)
    {
        var after = Cursor.DecodeId(page.Cursor) ?? Guid.Empty;
        var clients = await db.Clients.AsNoTracking().Where(client => client.Id > after).OrderBy(client => client.Id).Take(page.Take).ToListAsync(ct);
        return page.Answer(context, clients, client => new Item(client.Id, client.ClientId.ToString(), client.Name, client.Enabled, client.AuthenticationMethod, client.Grants, client.CreatedAt),
            client => Cursor.Of(client.Id));
    }
}
