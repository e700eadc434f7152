namespace CodeZero.Hub.Identity.Domain;

/// <summary>What an e-mail address must be to be kept. Whether it exists, only a message to it can tell.</summary>
internal static class EmailAddress
{
    /// <summary>What is wrong with it, as a sentence for its author; null when nothing is.</summary>
    public static string? FindFault(string email)
    {
        if (email.Length > Person.MaxEmailLength)
            return $"An e-mail address has at most {Person.MaxEmailLength} characters.";
        var at = email.LastIndexOf('@');
        var (local, domain) = at > 0 ? (email[..at], email[(at + 1)..]) : ("", "");
        return local.Length is > 0 and <= 64 && !local.Any(IsUnusual) && Uri.CheckHostName(domain) == UriHostNameType.Dns && domain.Contains('.', StringComparison.Ordinal) && !domain.EndsWith('.')
            ? null
            : "This is not an e-mail address. Write it as name@example.com.";
    }

    private static bool IsUnusual(char character) => char.IsControl(character) || char.IsWhiteSpace(character) || "\"(),:;<>@[\\]".Contains(character, StringComparison.Ordinal);
}

/// <summary>What a person wants to be called.</summary>
internal static class PersonName
{
    /// <summary>What is wrong with it, as a sentence for its author; null when nothing is.</summary>
    public static string? FindFault(string name) => name.Trim().Length is 0 or > Person.MaxNameLength || name.Any(char.IsControl)
        ? $"A name has 1 to {Person.MaxNameLength} characters, on one line."
        : null;
}

/// <summary>What people call their organization.</summary>
internal static class OrganizationName
{
    /// <summary>What is wrong with it, as a sentence for its author; null when nothing is.</summary>
    public static string? FindFault(string name) => name.Trim().Length is 0 or > Organization.MaxNameLength || name.Any(char.IsControl) || !name.Any(char.IsLetterOrDigit)
        ? $"An organization's name has 1 to {Organization.MaxNameLength} characters, a letter or digit among them, on one line."
        : null;
}
