using Microsoft.Extensions.Caching.Memory;

namespace CodeZero.Hub.Registry;

/// <summary>A version as it is answered.</summary>
/// <param name="Json">The body; nobody may write to it.</param>
internal sealed record VersionAnswer(string Version, string Digest, byte[] Json);

/// <summary>
/// Versions as they were answered last, in memory, under the names they never change under; at most <see cref="MaxBytes"/>, those least asked for go first. Who asks
/// here has an application, and so was found to be allowed to see it.
/// </summary>
internal sealed class VersionAnswers : IDisposable
{
    private const long MaxBytes = 64 << 20;

    /// <summary>What one more costs beside its body.</summary>
    private const int OverheadBytes = 500;

    private static readonly TimeSpan KeptUnasked = TimeSpan.FromHours(1);
    private readonly MemoryCache _answers = new(new MemoryCacheOptions { SizeLimit = MaxBytes });

    /// <param name="publisher">Stands in the answer, so another name of the publisher's is another answer.</param>
    public VersionAnswer? Find(Guid application, string publisher, string version) => _answers.Get<VersionAnswer>((application, publisher, version));

    public void Keep(Guid application, string publisher, VersionAnswer answer) => _answers.Set((application, publisher, answer.Version), answer,
        new MemoryCacheEntryOptions { Size = answer.Json.Length + OverheadBytes, SlidingExpiration = KeptUnasked });

    public void Dispose() => _answers.Dispose();
}
