using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity;

// Passkeys.
public static partial class IdentityModule
{
    private static void AddPasskeys(IServiceCollection services)
    {
        services.AddOptions<IdentityPasskeyOptions>().Configure<IOptions<HubIdentityOptions>>((passkeys, options) =>
        {
            var issuer = options.Value.Issuer;
            passkeys.ServerDomain = new Uri(issuer).Host; // never the request's Host header
            passkeys.ValidateOrigin = context => ValueTask.FromResult(context.Origin == issuer && !context.CrossOrigin && context.TopOrigin is null);
            passkeys.UserVerificationRequirement = "required";
            passkeys.ResidentKeyRequirement = "required";
            passkeys.AttestationConveyancePreference = "none"; // which make of authenticator it is, is not ours to know
        });
        services.AddScoped<IPasskeyHandler<Person>>(provider =>
            new PasskeyHandler<Person>(ActivatorUtilities.CreateInstance<PasskeyOwners>(provider), provider.GetRequiredService<IOptions<IdentityPasskeyOptions>>()));
        services.AddScoped<Passkeys>();
    }
}
