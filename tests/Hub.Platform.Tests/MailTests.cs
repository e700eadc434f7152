using System.Net;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Mail;
using CodeZero.Hub.Platform.Tests.Probe;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Tests;

/// <summary>Messages, from the transaction to a real SMTP server.</summary>
public sealed class MailTests(ProbeFixture probe) : IClassFixture<ProbeFixture>
{
    private const string Text = ".a dot first\n\nA line that ends in a space \nGrüße, 日本, and a line that is longer than seventy-six characters: =3D https://hub.example/confirm?token=abc_def-123&a=b\n.";

    [Theory]
    [InlineData("StartTls", true)]
    [InlineData("Tls", true)]
    [InlineData("None", false)]
    public async Task A_message_arrives_as_it_was_written(string security, bool encrypted)
    {
        await using var server = SmtpServer.Start(offersStartTls: security == "StartTls", beginsInTls: security == "Tls");
        await using var hub = await StartAsync(server, ("Hub:Mail:Security", security), encrypted ? default : ("Hub:Mail:UserName", null), encrypted ? default : ("Hub:Mail:Password", null));

        await SendAsync(hub, new("somebody@example.com", "Bestätigen Sie Ihre Adresse – a subject that goes on and on, past what fits into one line", Text));
        var email = await server.WaitForAsync("somebody@example.com");

        Assert.Equal(Text + "\n", email.Text + "\n");
        Assert.Equal("Bestätigen Sie Ihre Adresse – a subject that goes on and on, past what fits into one line", email.Subject);
        Assert.Equal(("hub@codezero.example", "CodeZero Hub <hub@codezero.example>", "<somebody@example.com>"), (email.From, email.Headers["From"], email.Headers["To"]));
        Assert.Equal(("auto-generated", "1.0"), (email.Headers["Auto-Submitted"], email.Headers["MIME-Version"]));
        Assert.True(DateTimeOffset.TryParse(email.Headers["Date"], out var date) && (TimeProvider.System.GetUtcNow() - date).Duration() < TimeSpan.FromMinutes(5));
        Assert.EndsWith("@codezero.example>", email.Headers["Message-ID"], StringComparison.Ordinal);
        Assert.Equal((encrypted, encrypted ? SmtpServer.UserName : null), (email.WasEncrypted, email.User));
        Assert.Empty(server.Violations);
        await Eventually.HoldsAsync(async () => await probe.LookAsync<long>("select count(*) from platform.emails where next_attempt_at < 'infinity'") == 0);
    }

    [Fact]
    public async Task What_was_not_committed_is_not_sent()
    {
        await using var server = SmtpServer.Start();
        await using var hub = await StartAsync(server);

        await using (var scope = hub.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<ProbeDb>();
            await using var transaction = await db.Database.BeginTransactionAsync();
            await hub.Services.GetRequiredService<Emails>().EnqueueAsync(db, new("rolledback@example.com", "No", "No"), default);
        }
        await SendAsync(hub, new("after@example.com", "Yes", "Yes"));
        await server.WaitForAsync("after@example.com");

        Assert.DoesNotContain(server.Received, email => email.To == "rolledback@example.com");
    }

    [Fact]
    public async Task Without_a_transaction_nothing_is_taken()
    {
        await using var scope = probe.Hub.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ProbeDb>();

        await Assert.ThrowsAsync<InvalidOperationException>(() => probe.Hub.Services.GetRequiredService<Emails>().EnqueueAsync(db, new("a@example.com", "S", "T"), default));
    }

    [Fact]
    public async Task A_message_refused_for_now_is_tried_again_and_one_refused_for_good_is_parked()
    {
        await using var server = SmtpServer.Start();
        server.Refuse("busy@example.com", "451 4.3.0 not now");
        server.Refuse("nobody@example.com", "550 5.1.1 no such person");
        await using var hub = await StartAsync(server);

        await SendAsync(hub, new("busy@example.com", "Patience", "…"));
        await SendAsync(hub, new("nobody@example.com", "Nobody", "…"));
        await Eventually.HoldsAsync(async () => await probe.LookAsync<long>("select count(*) from platform.emails where parked_at is not null and last_error like '%550 5.1.1%'") == 1);
        await Eventually.HoldsAsync(async () => await probe.LookAsync<long>("select count(*) from platform.emails where attempts > 0 and parked_at is null and last_error like '%451%'") == 1);
        server.Refuse("busy@example.com", null);
        await probe.LookAsync<object>("update platform.emails set next_attempt_at = now() where parked_at is null");
        await SendAsync(hub, new("wake@example.com", "Wakes the dispatcher", "…"));

        Assert.Equal("Patience", (await server.WaitForAsync("busy@example.com")).Subject);
        Assert.DoesNotContain(server.Received, email => email.To == "nobody@example.com");
        await probe.LookAsync<object>("delete from platform.emails");
    }

    [Theory]
    [InlineData("offers no STARTTLS", "does not offer STARTTLS")]
    [InlineData("a certificate nobody knows", "cannot be used")]
    [InlineData("another password", "535")]
    [InlineData("talks on in clear after STARTTLS", "in clear")]
    public async Task A_server_that_cannot_be_trusted_is_told_nothing(string fault, string says)
    {
        await using var server = SmtpServer.Start(offersStartTls: fault != "offers no STARTTLS", injectedAfterStartTls: fault.StartsWith("talks", StringComparison.Ordinal) ? "250 I am the one you want" : null);
        await using var hub = await StartAsync(server,
            fault.StartsWith("a certificate", StringComparison.Ordinal) ? ("Hub:Mail:CertificateAuthorityFile", null) : default,
            fault == "another password" ? ("Hub:Mail:Password", "wrong") : default);

        await SendAsync(hub, new("secret@example.com", "Secret", "Secret"));

        await Eventually.HoldsAsync(async () => await probe.LookAsync<long>("select count(*) from platform.emails where attempts > 0 and parked_at is null and last_error like $1", $"%{says}%") > 0);
        Assert.Empty(server.Received);
        Assert.DoesNotContain("a password in clear", server.Violations);
        await probe.LookAsync<object>("delete from platform.emails");
    }

    [Theory]
    [InlineData("a@example.com>\r\nBcc: <evil@example.com")]
    [InlineData("a@example.com> SIZE=1")]
    public async Task An_address_that_would_be_a_header_is_parked_and_never_sent(string to)
    {
        await using var server = SmtpServer.Start();
        await using var hub = await StartAsync(server);

        await SendAsync(hub, new(to, "Subject\r\nBcc: evil@example.com", "Text"));
        await Eventually.HoldsAsync(async () => await probe.LookAsync<long>("select count(*) from platform.emails where parked_at is not null") == 1);

        Assert.Empty(server.Received);
        await probe.LookAsync<object>("delete from platform.emails");
    }

    [Fact]
    public async Task A_line_end_in_a_subject_is_a_space_and_no_header()
    {
        await using var server = SmtpServer.Start();
        await using var hub = await StartAsync(server);

        await SendAsync(hub, new("somebody@example.com", "Join\r\nBcc: evil@example.com", "Text"));
        var email = await server.WaitForAsync("somebody@example.com");

        Assert.Equal("Join  Bcc: evil@example.com", email.Subject);
        Assert.DoesNotContain("Bcc", email.Headers.Keys);
    }

    [Fact]
    public async Task Messages_are_encrypted_where_they_wait()
    {
        await using var database = await ProbeFixture.CreateDatabaseAsync();
        await using var hub = await probe.StartHubAsync(database: database);

        await SendAsync(hub, new("kept@example.com", "Kept", "https://hub.example/reset?token=very-secret"));

        await using var connection = new Npgsql.NpgsqlConnection(database.Superuser);
        await connection.OpenAsync();
        await using var look = new Npgsql.NpgsqlCommand("select encode(message, 'escape') from platform.emails where next_attempt_at = 'infinity'", connection);
        Assert.DoesNotContain("very-secret", (string)(await look.ExecuteScalarAsync())!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hub:Mail:Server", "smtp://mail.example.com", "must be a host name")]
    [InlineData("Hub:Mail:From", "Hub <hub@example.com>", "no bare e-mail address")]
    [InlineData("Hub:Mail:Port", "70000", "from 1 to 65535")]
    [InlineData("Hub:Mail:Password", "", "need each other")]
    [InlineData("Hub:Mail:Security", "None", "would be sent in clear")]
    [InlineData("Hub:Mail:CertificateAuthorityFile", "/nowhere.pem", "is not there")]
    [InlineData("Hub:Mail:FromName", "Hub\r\nBcc: x", "name in a message")]
    public async Task Wrong_settings_stop_the_program_with_the_remedy(string setting, string value, string says)
    {
        await using var server = SmtpServer.Start();

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(server, (setting, value)));

        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Hub_that_others_can_reach_needs_a_mail_server()
    {
        await using var database = await TestDatabase.CreateAsync();

        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => HubInstance.StartAsync(database, publicUrl: new Uri("https://hub.example.com")));

        Assert.Contains("Hub:Mail:Server is missing", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "http://127.0.0.1:5000", "http://127.0.0.1:5000", "127.0.0.1", true)]
    [InlineData(false, "http://localhost:5000", "http://localhost:5000", "::1", true)]
    [InlineData(true, "http://127.0.0.1:5000", "http://127.0.0.1:5000", "127.0.0.1", false)]
    [InlineData(false, "https://hub.example.com", "http://127.0.0.1:5000", "127.0.0.1", false)]
    [InlineData(false, "http://127.0.0.1:5000", "https://login.example.com", "127.0.0.1", false)]
    [InlineData(false, "http://127.0.0.1:5000", "http://127.0.0.1:5000", "10.0.0.7", false)]
    [InlineData(false, "http://127.0.0.1:5000", "http://127.0.0.1:5000", null, false)]
    public void The_development_outbox_is_open_on_this_machine_alone(bool hasServer, string publicUrl, string issuer, string? address, bool open)
    {
        var outbox = new DevelopmentOutbox(null!, null!, Options.Create(new MailOptions { Server = hasServer ? "mail.example.com" : null }),
            Options.Create(new HubOptions { PublicUrl = new(publicUrl) }), Options.Create(new Security.AccessTokenOptions { Issuer = issuer }));

        Assert.Equal(open, outbox.IsOpenTo(address is null ? null : IPAddress.Parse(address)));
    }

    private Task<HubInstance> StartAsync(SmtpServer server, params (string Name, string? Value)[] changes)
    {
        var settings = new Dictionary<string, string?>(server.Settings);
        foreach (var (name, value) in changes.Where(change => change.Name is not null))
            settings[name] = value;
        return probe.StartHubAsync(settings);
    }

    private static async Task SendAsync(HubInstance hub, EmailMessage message)
    {
        await using var scope = hub.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ProbeDb>();
        await db.InTransactionAsync(async () =>
        {
            await hub.Services.GetRequiredService<Emails>().EnqueueAsync(db, message, default);
            return true;
        }, default);
    }
}
