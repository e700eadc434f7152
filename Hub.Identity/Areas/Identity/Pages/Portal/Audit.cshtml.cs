using System.Globalization;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET /organizations/{slug}/audit: what was done in the organization, the newest first; the same as a file; and whether the chain holds.</summary>
internal sealed class AuditModel(IdentityDb db, AuditTrail trail) : OrganizationPage
{
    private const int PageSize = 50;
    private const int MaxLength = 300;

    protected override Permission Reads => Permissions.ReadAudit;

    [FromQuery(Name = "actor")]
    public string? Actor { get; set; }

    [FromQuery(Name = "action")]
    public string? Action { get; set; }

    [FromQuery(Name = "target")]
    public string? Target { get; set; }

    [FromQuery(Name = "before")]
    public long? Before { get; set; }

    public IReadOnlyList<AuditRecord> Shown { get; private set; } = [];

    /// <summary>The address of the next page; null on the last.</summary>
    public string? OlderAddress { get; private set; }

    /// <summary>What a check of the whole log found; null when none was asked for.</summary>
    public AuditChainState? Verification { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        var rows = await db.InTransactionAsync(() =>
        {
            var entries = Filter.Of(db.AuditEvents.AsNoTracking());
            if (Before is { } before)
                entries = entries.Where(entry => entry.Sequence < before);
            return entries.OrderByDescending(entry => entry.Sequence).Take(PageSize + 1).ToListAsync(Aborted);
        }, Aborted);
        Shown = [.. rows.Take(PageSize)];
        OlderAddress = rows.Count > PageSize ? AddressBefore(Shown[^1].Sequence) : null;
        return Page();
    }

    public async Task<IActionResult> OnGetVerifyAsync()
    {
        Verification = (await trail.VerifyAsync(known: null, Aborted)).State;
        return await OnGetAsync();
    }

    public IActionResult OnGetExport() => new Export(trail.ReadAsync(Filter, Aborted), $"audit-{Membership.Slug}.ndjson");

    private AuditFilter Filter => new(OrNone(Actor), OrNone(Action), OrNone(Target), null, null);

    private static string? OrNone(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim() is { Length: > MaxLength } longer ? longer[..MaxLength] : text.Trim();

    private string AddressBefore(long sequence)
    {
        var query = new QueryBuilder { { "before", sequence.ToString(CultureInfo.InvariantCulture) } };
        foreach (var (name, value) in new[] { ("actor", Actor), ("action", Action), ("target", Target) })
            if (!string.IsNullOrEmpty(value))
                query.Add(name, value);
        return $"{Base}/audit{query.ToQueryString()}";
    }

    private sealed class Export(IAsyncEnumerable<AuditRecord> entries, string file) : IActionResult
    {
        public async Task ExecuteResultAsync(ActionContext context)
        {
            var http = context.HttpContext;
            http.Response.ContentType = ExportAudit.MediaType;
            http.Response.Headers.ContentDisposition = $"attachment; filename={file}";
            await ExportAudit.WriteAsync(http.Response.Body, entries, http.RequestAborted);
        }
    }
}
