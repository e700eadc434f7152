namespace CodeZero.Hub.Client;

/// <summary>How a <see cref="HubClient"/> behaves; the defaults suit a program with a person waiting for it.</summary>
public sealed record HubClientOptions
{
    /// <summary>How often a request is sent in all, when the Hub cannot be reached or answers 429 or 5xx: 1 to 10, default 4.</summary>
    public int Attempts { get; init; } = 4;

    /// <summary>The longest pause before the second attempt; it doubles with each further one. Actual pauses are random up to it. Default 500 ms.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause before any attempt, <c>Retry-After</c> included: a Hub that asks for more is reported instead. Default 20 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Who the requests are made as; null makes them anonymously.</summary>
    public IHubCredentials? Credentials { get; init; }

    /// <summary>The clock, for pauses.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Whose access token a request carries, and, for DPoP-bound ones (RFC 9449), the proof.</summary>
public interface IHubCredentials
{
    /// <summary>Puts <c>Authorization</c>, and a <c>DPoP</c> proof for exactly this method and address, on a request about to be sent. Called anew for every attempt.</summary>
    /// <exception cref="NotSignedInException">There is no usable token.</exception>
    Task AuthorizeAsync(HttpRequestMessage request, CancellationToken ct);

    /// <summary>
    /// Told of a 401: whether sending the request once more could succeed, because a token was renewed or a DPoP nonce learnt.
    /// </summary>
    Task<bool> RecoverAsync(HttpResponseMessage refused, CancellationToken ct);
}
