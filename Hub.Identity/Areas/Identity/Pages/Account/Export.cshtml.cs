using CodeZero.Hub.Identity.Features;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET /account/data/export: everything the Hub holds of the person, as a file.</summary>
internal sealed class ExportModel(PersonExport export) : AccountPage
{
    protected override bool IsSensitive => true;

    public async Task<IActionResult> OnGetAsync()
    {
        Response.ContentType = "application/json; charset=utf-8";
        Response.Headers.ContentDisposition = "attachment; filename=codezero-account.json";
        await export.WriteAsync(Response.Body, Me.UserId, Aborted);
        return new EmptyResult();
    }
}
