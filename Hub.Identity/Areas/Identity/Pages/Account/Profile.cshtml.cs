using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account: who the person is here, and what they want to be called.</summary>
internal sealed class ProfileModel(IdentityDb db) : AccountPage
{
    public Person Person { get; private set; } = null!;

    /// <summary>As it is kept, or as it was typed.</summary>
    public string? Name { get; private set; }

    /// <summary>What is wrong with the name; null when nothing.</summary>
    public string? Fault { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        Person = await db.Users.AsNoTracking().SingleAsync(person => person.Id == Me.UserId, Aborted);
        Name = Person.Name;
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? name)
    {
        await OnGetAsync();
        var wanted = string.IsNullOrWhiteSpace(name) ? null : name.Trim();
        Fault = wanted is null ? null : PersonName.FindFault(wanted);
        if (Fault is null)
        {
            await db.Users.Where(person => person.Id == Me.UserId).ExecuteUpdateAsync(set => set.SetProperty(person => person.Name, wanted), Aborted);
            return Done("/account", "Saved.");
        }
        Name = name;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
