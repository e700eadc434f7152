using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>PATCH /v1/me: what the caller wants to be called. Address, password and second factors are changed on the account's pages, which ask for a proof first.</summary>
public static class ChangeMe
{
    public sealed record Request([Required, StringLength(Person.MaxNameLength)] string Name);

    [EndpointSummary("Change what the Hub knows of you")]
    internal static async Task<Results<Ok<GetMe.Response>, ProblemHttpResult>> Handle(
        Request request, ClaimsPrincipal user, IdentityDb db, Organizations organizations, SecondFactors factors, Tenant tenant, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        if (PersonName.FindFault(request.Name) is { } fault)
            return Problems.Invalid("name", fault);
        var name = request.Name.Trim();
        await db.Users.Where(person => person.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(person => person.Name, name), ct);
        return await GetMe.ReadAsync(userId, limitedTo: null, db, organizations, factors, ct) is { } response ? TypedResults.Ok(response) : Signed.Out();
    }
}
