using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>A Hub that sends its messages to a real SMTP server, and locks after four wrong tries.</summary>
public class MailFixture : IdentityFixture
{
    public const int LockoutAttempts = 4;

    public SmtpServer Mail { get; } = SmtpServer.Start();

    protected override IReadOnlyDictionary<string, string?> MoreSettings =>
        new Dictionary<string, string?>(Mail.Settings) { ["Hub:Identity:Lockout:Attempts"] = LockoutAttempts.ToString(System.Globalization.CultureInfo.InvariantCulture) };

    public override async Task<string> FindTokenAsync(string email) => TestAccount.TokenIn((await Mail.WaitForAsync(email, "Finish signing up")).Text);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Mail.DisposeAsync();
    }
}
