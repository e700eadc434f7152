using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>A domain, as the API shows it.</summary>
/// <param name="Record">The TXT record that shows that the domain is the organization's.</param>
/// <param name="JoinRole">The role in which people with a confirmed address of the domain join by themselves; null: nobody does.</param>
/// <param name="CheckedAt">When the record was last looked up.</param>
/// <param name="MissingSince">Since when a verified domain lacks its record; after a week it no longer counts.</param>
public sealed record DomainResource(string Name, TxtRecord Record, DateTimeOffset? VerifiedAt, OrganizationRole? JoinRole, DateTimeOffset? CheckedAt, DateTimeOffset? MissingSince, DateTimeOffset CreatedAt)
{
    internal static DomainResource Of(OrganizationDomain domain) => new(
        domain.Name, new(domain.RecordName, domain.RecordText), domain.VerifiedAt, domain.JoinRole, domain.CheckedAt, domain.MissingSince, domain.CreatedAt);
}

/// <summary>A DNS record of type TXT.</summary>
public sealed record TxtRecord(string Name, string Text);

/// <summary>Why a domain was not changed, in words.</summary>
internal static class DomainProblems
{
    public const string Malformed = "A domain is written like example.com: two or more names with dots between them, no address, no path.";

    public const string JoinRoleTooHigh = "People join by a domain as viewer or developer. Give a higher role to each by name.";

    public static ProblemHttpResult TooMany => Problems.Conflict("domain.too_many", $"An organization may claim {Domains.Limit} domains. Give one up first.");

    public static ProblemHttpResult NotVerified => Problems.Conflict("domain.not_verified",
        "Nobody joins by a domain before it is verified. Add its TXT record, and verify it first.");

    /// <summary>Null when the domain is verified.</summary>
    public static ProblemHttpResult? Of(DomainCheck check, string name) => check switch
    {
        DomainCheck.Verified => null,
        DomainCheck.NotClaimed => Problems.NotFound(),
        DomainCheck.Taken => Problems.Conflict("domain.taken", $"Another organization has verified {name}. It has to give the domain up first, or to lose its record for a week."),
        DomainCheck.NoRecord => Problems.Conflict("domain.record_missing",
            $"{name} does not have the record yet. Add it as 'record' says, wait until your DNS provider shows it (a few minutes, at most a day), and try again."),
        _ => Problems.Conflict("domain.undecided", $"The DNS servers of {name} did not answer as they should. Nothing was changed. Try again in a few minutes."),
    };
}
