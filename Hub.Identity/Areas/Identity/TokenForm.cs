using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>What the forms for personal access tokens and for API keys have in common, as it was filled in.</summary>
internal sealed class TokenForm
{
    /// <summary>The lives to choose from, in days.</summary>
    public static readonly IReadOnlyList<int> Lives = [7, 30, ApiTokenRules.DefaultDays, 180, ApiTokenRules.MaxDays];

    public string? Name { get; set; }

    public int Days { get; set; } = ApiTokenRules.DefaultDays;

    public string[] Permissions { get; set; } = [];

    /// <summary>The chosen permissions, or what has to be changed.</summary>
    public (IReadOnlyList<Permission> Chosen, string? Fault) Read()
    {
        var (chosen, unknown) = ApiTokenRules.Find(Permissions);
        var fault = ApiTokenRules.FindFaultOfName(Name ?? "")
            ?? (Lives.Contains(Days) ? null : "Choose how long it works.")
            ?? (unknown is null ? null : ApiTokenProblems.UnknownPermission(unknown))
            ?? (chosen is not { Count: > 0 } ? "Choose at least one thing that it may do." : null);
        return (chosen ?? [], fault);
    }
}
