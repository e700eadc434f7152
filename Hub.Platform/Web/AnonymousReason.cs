using Microsoft.AspNetCore.Builder;

namespace CodeZero.Hub.Platform.Web;

/// <summary>Why an endpoint needs no sign-in. An endpoint without a policy and without this is refused, and a test says so.</summary>
public sealed record AnonymousReason(string Reason);

/// <summary>Anonymous endpoints, each with its reason written next to it.</summary>
public static class AnonymousReasonExtensions
{
    /// <summary>Lets anybody call the endpoint.</summary>
    /// <param name="reason">One sentence for the reviewer: why nobody needs to sign in here.</param>
    public static TBuilder AllowAnonymousBecause<TBuilder>(this TBuilder builder, string reason) where TBuilder : IEndpointConventionBuilder =>
        builder.AllowAnonymous().WithMetadata(new AnonymousReason(reason));
}
