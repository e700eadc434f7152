using System.Globalization;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>A DNS domain that an organization says is its own. It counts once the organization has shown that it can write to it.</summary>
internal sealed class OrganizationDomain(Guid organizationId, string name, string challenge, DateTimeOffset createdAt) : ITenantOwned
{
    /// <summary>How long a verified domain may lack its record before it no longer counts.</summary>
    public static readonly TimeSpan MissingGrace = TimeSpan.FromDays(7);

    public Guid OrganizationId { get; private set; } = organizationId;

    /// <summary>In lower case and ASCII (RFC 5890 A-labels), without a dot at the end.</summary>
    public string Name { get; private set; } = name;

    /// <summary>What the domain must say. No secret: it proves something only where it stands.</summary>
    public string Challenge { get; private set; } = challenge;

    /// <summary>The role that people with a confirmed address of the domain join in by themselves; null: nobody does.</summary>
    public OrganizationRole? JoinRole { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; } = createdAt;
    public DateTimeOffset? VerifiedAt { get; private set; }

    /// <summary>When it was last looked up.</summary>
    public DateTimeOffset? CheckedAt { get; private set; }

    /// <summary>Since when the record is missing from a verified domain.</summary>
    public DateTimeOffset? MissingSince { get; private set; }

    public uint RowVersion { get; private set; }

    /// <summary>The name of the TXT record.</summary>
    public string RecordName => $"_codezero-challenge.{Name}";

    /// <summary>The text of the TXT record.</summary>
    public string RecordText => $"codezero-domain-verification={Challenge}";

    public static OrganizationDomain Claim(Guid organizationId, string name, DateTimeOffset now) => new(organizationId, name, Secrets.New(), now);

    public void Verify(DateTimeOffset now) => (VerifiedAt, CheckedAt, MissingSince) = (VerifiedAt ?? now, now, null);

    public void Join(OrganizationRole? role) => JoinRole = role;

    /// <summary>The record was not there. True when it has been missing for so long that the domain no longer counts.</summary>
    public bool Miss(DateTimeOffset now)
    {
        CheckedAt = now;
        if (VerifiedAt is null)
            return false;
        MissingSince ??= now;
        if (now - MissingSince < MissingGrace)
            return false;
        (VerifiedAt, MissingSince, JoinRole) = (null, null, null);
        return true;
    }
}

/// <summary>Names of DNS domains as people write them.</summary>
internal static class DomainName
{
    public const int MaxLength = 253;

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>The name in lower case and ASCII; null when it is no name that somebody could own: a host name of two labels or more, the last not of digits.</summary>
    public static string? Normalize(string? text)
    {
        if (text is not { Length: > 0 and <= MaxLength })
            return null;
        try
        {
            var name = Idn.GetAscii(text.Trim().TrimEnd('.')).ToLowerInvariant();
            var labels = name.Split('.');
            return name.Length <= MaxLength && labels.Length >= 2 && labels.All(IsLabel) && !labels[^1].All(char.IsAsciiDigit) ? name : null;
        }
        catch (ArgumentException)
        {
            return null; // characters or lengths that no name has
        }
    }

    /// <summary>The domain of an e-mail address; null when it has none.</summary>
    public static string? OfAddress(string email) => Normalize(email[(email.LastIndexOf('@') + 1)..]);

    private static bool IsLabel(string label) => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(character => char.IsAsciiLetterOrDigit(character) || character == '-');
}
