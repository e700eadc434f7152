namespace CodeZero.Hub.Platform.Dns;

/// <summary>What the DNS says of a name's TXT records.</summary>
public abstract record DnsText
{
    private DnsText()
    {
    }

    /// <summary>The name has records.</summary>
    /// <param name="Texts">One for each record, its strings joined. Bytes outside ASCII are shown as U+FFFD.</param>
    public sealed record Found(IReadOnlyList<string> Texts) : DnsText;

    /// <summary>The name has no such records, or is not there: a server of the domain says so.</summary>
    public sealed record None : DnsText;

    /// <summary>Nobody could say.</summary>
    public sealed record Unavailable(string Reason) : DnsText;
}

/// <summary>Looks up the DNS.</summary>
public interface IDnsResolver
{
    /// <param name="name">In ASCII, without a dot at the end.</param>
    /// <exception cref="ArgumentException">It is no name (RFC 1035 §2.3.4).</exception>
    Task<DnsText> FindTextAsync(string name, CancellationToken ct);
}
