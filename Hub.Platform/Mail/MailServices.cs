using CodeZero.Hub.Platform.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Mail;

/// <summary>Messages to people.</summary>
internal static class MailServices
{
    internal static void AddMail(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidatedOptions<MailOptions>(configuration, MailOptions.Section).Validate<IOptions<HubOptions>>(
            (mail, hub) => mail.IsConfigured || hub.Value.PublicUrl!.IsLoopback,
            "Hub:Mail:Server is missing. Set it to the host name of the SMTP server that takes the Hub's messages, and Hub:Mail:From to the address they come from; nobody could sign up without.");
        services.AddSingleton<Emails>().AddSingleton<DevelopmentOutbox>();
        services.TryAddSingleton<IEmailSender, SmtpSender>();
        services.AddHostedService<EmailDispatcher>();
    }
}
