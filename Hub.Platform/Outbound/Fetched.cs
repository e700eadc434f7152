using System.Net;

namespace CodeZero.Hub.Platform.Outbound;

/// <summary>What came of a request to an address that somebody gave.</summary>
public abstract record Fetched
{
    private Fetched()
    {
    }

    /// <summary>An answer, whatever its status. A redirect is an answer: nothing is followed.</summary>
    /// <param name="Body">At most <see cref="GuardedHttp.MaxBytes"/>.</param>
    public sealed record Answer(HttpStatusCode Status, byte[] Body) : Fetched;

    /// <summary>There was none.</summary>
    public sealed record Failed(FetchFault Fault) : Fetched;
}

/// <summary>Why there was no answer, in the order in which it is found out.</summary>
public enum FetchFault
{
    /// <summary>The address is not https, or names a user.</summary>
    Address,

    /// <summary>The DNS knows no such name.</summary>
    Name,

    /// <summary>The name leads into a network that the Hub does not reach into. Which one is not said: who asks may not be meant to know.</summary>
    Network,

    /// <summary>Nobody takes connections there, or the connection broke.</summary>
    Connection,

    /// <summary>There is no TLS, or its certificate is not good for the name.</summary>
    Tls,

    /// <summary>No answer within <see cref="GuardedHttp.Patience"/>.</summary>
    Timeout,

    /// <summary>More than <see cref="GuardedHttp.MaxBytes"/>.</summary>
    TooLarge,
}
