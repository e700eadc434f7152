using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// POST /v1/signup: sends a link to the address, by which <c>POST /v1/signup/complete</c> makes the account. The answer is the same for every address; only its owner
/// reads whether it has an account already.
/// </summary>
public static class SignUp
{
    public sealed record Request([Required, StringLength(Person.MaxEmailLength)] string Email);

    /// <param name="Next">What to do now, for the person.</param>
    public sealed record Response(string Next);

    [EndpointSummary("Ask for a link to make an account")]
    internal static async Task<Results<Accepted<Response>, ValidationProblem>> Handle(Request request, SignUps signUps, CancellationToken ct)
    {
        var email = request.Email.Trim();
        if (EmailAddress.FindFault(email) is { } fault)
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["email"] = [fault] });
        await signUps.RequestAsync(email, query: "", ct);
        return TypedResults.Accepted((string?)null, new Response("A message is on its way to this address. Open its link to go on; it works once, for 24 hours."));
    }
}
