using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>The documents that the installs of a state refer to, as far as they could be had.</summary>
/// <param name="Found">By the digest they were asked for by; not yet checked against it.</param>
/// <param name="LeftOut">Those that had no room beside the others.</param>
internal sealed record StateDocuments(IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> Found, IReadOnlySet<Digest> LeftOut)
{
    public StateDocuments(IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> found) : this(found, new HashSet<Digest>()) { }

    public static IEnumerable<Digest> NeededBy(DesiredState state) => state.Installs.SelectMany(install => install.Blobs()).Distinct();

    /// <summary>Only what matches its name is kept; the verifier of installs says what is wrong with the rest.</summary>
    public Dictionary<Digest, ReadOnlyMemory<byte>> Intact() =>
        Found.Where(document => InstallVerifier.CheckBlob(document.Key, document.Value.Span) is null).ToDictionary();

    /// <summary>Why an install cannot be judged for want of room; null when it can.</summary>
    public Refusal? RefuseLeftOut(DesiredInstall install) => install.Blobs().Any(LeftOut.Contains)
        ? new(RefusalCode.BlobSize, $"The documents of all installs of this cluster have more than {AgentApi.MaxStateDocumentsBytes} bytes together, and those of {install.Name} had no more room. Remove installs, or have manifests made smaller.")
        : null;
}

/// <summary>Fetches the documents of a state. One that cannot be had is the trouble of the installs that need it, and of no others.</summary>
/// <param name="find">Asks the Hub for one; null when it does not have it.</param>
/// <param name="maxBytes">Of all together: neither this process nor the Secrets they are kept in hold any number.</param>
internal sealed partial class DocumentFetcher(Func<Digest, CancellationToken, Task<byte[]?>> find, ILogger log, long maxBytes = AgentApi.MaxStateDocumentsBytes)
{
    /// <summary>Documents that may fail one after the other by the network until the Hub counts as out of reach.</summary>
    private const int MaxFailures = 3;

    /// <param name="kept">What is at hand already.</param>
    public async Task<StateDocuments> FetchAsync(DesiredState state, IReadOnlyDictionary<Digest, ReadOnlyMemory<byte>> kept, CancellationToken ct)
    {
        var needed = StateDocuments.NeededBy(state).ToList();
        var found = needed.Where(kept.ContainsKey).ToDictionary(digest => digest, digest => kept[digest]);
        var leftOut = new HashSet<Digest>();
        var room = maxBytes - found.Values.Sum(document => (long)document.Length);
        var failures = 0;
        foreach (var digest in needed.Where(digest => !found.ContainsKey(digest)))
            try
            {
                // After the first that has no room none is asked for: else a Hub could have the agent fetch without end.
                if (leftOut.Count > 0)
                    leftOut.Add(digest);
                else if (await find(digest, ct) is { } fetched)
                    if (fetched.Length > room)
                        leftOut.Add(digest);
                    else
                        (found[digest], room) = (fetched, room - fetched.Length);
                failures = 0;
            }
            catch (Exception e) when (e is HubException { DoubtsMembership: false } or HttpRequestException or TimeoutException)
            {
                NotFetched(log, digest, e.Message);
                if (e is HubException { Status: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable } || (e is not HubException && ++failures == MaxFailures))
                    break;
            }
        if (leftOut.Count > 0)
            NoRoom(log, leftOut.Count, maxBytes);
        return new(found, leftOut);
    }

    [LoggerMessage(6116, LogLevel.Warning, "The document {Digest} could not be fetched; trying again: {Reason}")]
    private static partial void NotFetched(ILogger log, Digest digest, string reason);

    [LoggerMessage(6118, LogLevel.Warning, "{Count} documents of the state were left out: all together have more than {MaxBytes} bytes")]
    private static partial void NoRoom(ILogger log, int count, long maxBytes);
}
