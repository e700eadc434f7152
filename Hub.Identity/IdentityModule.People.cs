using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Identity.Jobs;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity;

// Accounts and their API.
public static partial class IdentityModule
{
    private static void AddPeople(IServiceCollection services)
    {
        services.AddIdentityCore<Person>().AddEntityFrameworkStores<IdentityDb>();
        services.RemoveAll<IPasswordValidator<Person>>(); // PasswordRules judges, which knows more of the account
        services.AddOptions<IdentityOptions>().Configure<IOptions<HubIdentityOptions>>((identity, options) =>
        {
            identity.Stores.SchemaVersion = IdentitySchemaVersions.Version3; // the one with passkeys
            identity.User.RequireUniqueEmail = true;
            identity.User.AllowedUserNameCharacters = ""; // the name is the e-mail address, which has rules of its own
            identity.Lockout.MaxFailedAccessAttempts = options.Value.Lockout.Attempts;
            identity.Lockout.DefaultLockoutTimeSpan = options.Value.Lockout.Duration;
        });
        services.AddHttpContextAccessor();
        services.AddSingleton<PasswordRules>().AddSingleton(provider => new AccountMails(provider.GetRequiredService<IOptions<HubIdentityOptions>>().Value.Issuer));
        services.AddScoped<EmailProofs>().AddScoped<SignUps>().AddScoped<Passwords>().AddScoped<EmailChanges>();
        services.AddScoped<Attempts>().AddScoped<SecondFactors>().AddScoped<FirstFactor>().AddScoped<SecurityStamps>().AddScoped<SecurityNotices>();
        services.AddSingleton<Accounts>().AddScoped<Sessions>().AddScoped<SessionCookieEvents>().AddScoped<Reauthentication>();
        services.AddScoped<Consents>().AddScoped<AccountDeletions>().AddScoped<PersonExport>().AddHubJob<DeleteAccounts>(DeleteAccounts.Name, DeleteAccounts.Cron);
        AddPasskeys(services);
    }

    private static void MapPeople(RouteGroupBuilder v1, HubIdentityOptions.AddressLimits limits)
    {
        const string noAccount = "Who signs up has no account yet.";
        v1.MapPost("/signup", SignUp.Handle).WithAddressLimit("sign-up", limits.SignUpsPerMinute).WithMetadata(new OwnRepetition()).AllowAnonymousBecause(noAccount);
        v1.MapPost("/signup/complete", CompleteSignUp.Handle).WithAddressLimit("sign-up", limits.SignUpsPerMinute).WithMetadata(new OwnRepetition()).AllowAnonymousBecause(noAccount);
        v1.MapGet("/me", GetMe.Handle).RequireAuthorizationWithinLimit();
        v1.MapPatch("/me", ChangeMe.Handle).RequireAuthorization();
        v1.MapGet("/me/sessions", ListSessions.Handle).RequireAuthorization();
        v1.MapDelete("/me/sessions", SignOutEverywhere.Handle).RequireAuthorization();
        v1.MapDelete("/me/sessions/{session:guid}", EndSession.Handle).RequireAuthorization();
    }
}
