using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Jobs;

namespace CodeZero.Hub.Identity.Jobs;

/// <summary>Carries out what people asked for a week ago: the end of their accounts.</summary>
internal sealed class DeleteAccounts(AccountDeletions deletions) : IHubJob
{
    public const string Name = "identity.delete-accounts";

    /// <summary>Every hour.</summary>
    public const string Cron = "0 35 * * * ?";

    public Task RunAsync(CancellationToken ct) => deletions.CarryOutAsync(ct);
}
