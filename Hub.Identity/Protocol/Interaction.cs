namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Who is signed in at this browser, how and since when.</summary>
/// <param name="LimitedTo">The one organization that the session is for; see <see cref="Domain.Session.LimitedTo"/>.</param>
internal sealed record SignedIn(Guid SessionId, Guid UserId, string SecurityStamp, IReadOnlyList<string> Amr, DateTimeOffset AuthenticatedAt, Guid? LimitedTo);

/// <summary>What an authorization request needs next.</summary>
internal abstract record Interaction
{
    public sealed record SignIn : Interaction;

    public sealed record AskConsent : Interaction;

    public sealed record IssueCode : Interaction;

    public sealed record Refuse(OAuthError Error) : Interaction;

    /// <summary>
    /// OpenID Connect Core §3.1.2.3 and §3.1.2.4. A sign-in after the request began is always fresh enough, an older one only without
    /// <c>prompt=login</c> and within <c>max_age</c>: so returning to the request without signing in again gains nothing.
    /// </summary>
    /// <param name="begunAt">When the request first came; null on its first visit.</param>
    /// <param name="limit">What the session is good for in this request.</param>
    /// <param name="consented">Whether the person allowed this client these scopes: just now, or before and no <c>prompt=consent</c> asks again.</param>
    public static Interaction Decide(AuthorizationRequest request, DateTimeOffset? begunAt, SignedIn? session, OrganizationLimit limit, bool consented, DateTimeOffset now)
    {
        var silent = request.Prompt.HasFlag(Prompt.None);
        var signedInSince = session?.AuthenticatedAt >= begunAt;
        if (session is null || !(signedInSince || IsFreshEnough(request, session, now)))
            return silent ? new Refuse(LoginRequired) : new SignIn();
        if (request.SubjectHint is { } hint && hint != session.UserId)
            return silent || signedInSince ? new Refuse(LoginRequired) : new SignIn();
        switch (limit)
        {
            case OrganizationLimit.NotAMember:
            case OrganizationLimit.OtherSignIn when signedInSince:
                return new Refuse(new("access_denied", "The person is no member of the organization, or did not sign in as it asks."));
            case OrganizationLimit.OtherSignIn:
                return silent ? new Refuse(LoginRequired) : new SignIn();
        }
        if (consented)
            return new IssueCode();
        return silent ? new Refuse(new("consent_required", "The person has not allowed this yet.")) : new AskConsent();
    }

    private static OAuthError LoginRequired { get; } = new("login_required", "The person has to sign in.");

    private static bool IsFreshEnough(AuthorizationRequest request, SignedIn session, DateTimeOffset now) =>
        !request.Prompt.HasFlag(Prompt.Login) && (request.MaxAgeSeconds is not { } seconds || now - session.AuthenticatedAt <= TimeSpan.FromSeconds(seconds));
}
