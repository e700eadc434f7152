using System.Security.Cryptography;
using System.Text.Json;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>Where a person goes after signing out, carried through the confirmation page sealed, so that nobody else can write it.</summary>
internal sealed class SignedOutReturns(IDataProtectionProvider protection)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("CodeZero.Hub.Identity.SignedOutReturns.v1").ToTimeLimitedDataProtector();

    /// <summary>The query of the confirmation page.</summary>
    public string ToQuery(SignedOutReturn? to) => to is null ? "" : $"?then={Uri.EscapeDataString(_protector.Protect(JsonSerializer.Serialize(to), Lifetime))}";

    /// <summary>What the confirmation page's query carries; null for nothing, or nothing of ours, or no longer.</summary>
    public SignedOutReturn? Read(string? then)
    {
        if (then is null)
            return null;
        try
        {
            return JsonSerializer.Deserialize<SignedOutReturn>(_protector.Unprotect(then));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The client's address with its state, or the sign-in page.</summary>
    public static string AddressOf(SignedOutReturn? to) => to switch
    {
        null => "/signin",
        { State: { } state } => QueryHelpers.AddQueryString(to.Uri, "state", state),
        _ => to.Uri,
    };
}
