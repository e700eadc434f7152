using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What the chain of an organization's audit log says of itself.</summary>
/// <param name="Entries">How many entries fit together, from the first.</param>
/// <param name="Head">The hash of the last of them; zeros when there is none.</param>
/// <param name="Fault">What does not fit after them; null when all is well.</param>
internal sealed record AuditChainState(long Entries, byte[] Head, string? Fault)
{
    /// <summary>Before the first entry.</summary>
    public static AuditChainState Empty { get; } = new(0, AuditChain.Start, null);
}

/// <summary>
/// The hash chain: each entry's hash covers the entry and the hash before, so that a change, a gap or an exchange anywhere shows in all that follow. Only who keeps a
/// head elsewhere sees that the end was cut off. docs/audit.md describes the form for others who check.
/// </summary>
internal static class AuditChain
{
    /// <summary>What the first entry continues.</summary>
    public static byte[] Start => new byte[SHA256.HashSizeInBytes];

    /// <summary>SHA-256 over the fields in the order of the export, each as its length in bytes, a colon, and the bytes; absent ones as a hyphen.</summary>
    public static byte[] HashOf(AuditRecord record)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var field in Fields(record))
            if (field is null)
                hash.AppendData("-"u8);
            else
            {
                var bytes = Encoding.UTF8.GetBytes(field);
                hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{bytes.Length}:")));
                hash.AppendData(bytes);
            }
        return hash.GetHashAndReset();
    }

    /// <summary>Whether an entry continues the chain, and where it then stands.</summary>
    public static AuditChainState Continue(AuditChainState before, AuditRecord record)
    {
        var expected = before.Entries + 1;
        var fault = record switch
        {
            _ when record.Sequence != expected => string.Create(CultureInfo.InvariantCulture, $"Entry {expected} is missing: after {before.Entries} comes {record.Sequence}."),
            _ when !record.PreviousHash.AsSpan().SequenceEqual(before.Head) => string.Create(CultureInfo.InvariantCulture, $"Entry {expected} does not continue the one before it."),
            _ when !record.Hash.AsSpan().SequenceEqual(HashOf(record)) => string.Create(CultureInfo.InvariantCulture, $"Entry {expected} was changed after it was written."),
            _ => null,
        };
        return fault is null ? new(expected, record.Hash, null) : before with { Fault = fault };
    }

    /// <summary>In UTC and whole microseconds.</summary>
    public static string TimeOf(AuditRecord record) => record.OccurredAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static string KindOf(AuditRecord record) => JsonNamingPolicy.CamelCase.ConvertName(record.ActorKind.ToString());

    private static string?[] Fields(AuditRecord record) =>
    [
        record.OrganizationId.ToString(), record.Sequence.ToString(CultureInfo.InvariantCulture), TimeOf(record),
        KindOf(record), record.ActorId, record.ActorName, record.ClientId, record.IpAddress, record.UserAgent,
        record.Action, record.TargetType, record.TargetId, record.TargetName, record.Before, record.After, Convert.ToHexStringLower(record.PreviousHash),
    ];
}
