using CodeZero.Hub.Platform.Tenancy;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>How a person proved who they are, in the words of RFC 8176; in tokens the claim <c>amr</c>.</summary>
internal static class AuthenticationMethods
{
    /// <summary>A password.</summary>
    public const string Password = "pwd";

    /// <summary>A one-time code: of an authenticator application, or a recovery code.</summary>
    public const string OneTimeCode = "otp";

    /// <summary>A key that cannot leave its device.</summary>
    public const string HardwareKey = "hwk";

    /// <summary>A key that its owner's devices share.</summary>
    public const string SoftwareKey = "swk";

    /// <summary>An organization's own provider vouched for the person. Not of RFC 8176; always together with the limit to that organization.</summary>
    public const string Federated = OrganizationRule.Federated;

    /// <summary>More than one factor. Set beside the others, and what an organization's policy looks for.</summary>
    public const string MultiFactor = OrganizationRule.MultiFactor;
}
