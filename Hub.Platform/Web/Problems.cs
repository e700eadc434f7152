using CodeZero.Hub.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Platform.Web;

/// <summary>
/// Refusals as problem details (RFC 9457): a stable <c>code</c>, and a sentence that says what happened, why, and what to do next.
/// The <c>traceId</c> is added where they are written.
/// </summary>
public static class Problems
{
    /// <summary>404. One body for what never existed and for what is another organization's.</summary>
    public static ProblemHttpResult NotFound() =>
        Create(StatusCodes.Status404NotFound, "not_found", "There is no such resource, or you may not see it. Check the address and the organization.");

    /// <summary>403 for a member whose role is too low.</summary>
    public static ProblemHttpResult Forbidden(OrganizationRole? minimum = null) =>
        Create(StatusCodes.Status403Forbidden, "forbidden", minimum is { } role
            ? $"This needs the role {role.ToString().ToLowerInvariant()} or higher in the organization. Ask an owner or admin to raise yours."
            : "You are signed in, but may not do this. Sign in with the access it needs, or ask an owner of the organization.");

    /// <summary>403 for a member who signed in without a second factor, where the organization asks for one.</summary>
    /// <param name="setUp">Where the person sets one up.</param>
    /// <param name="byToken">The caller came with a personal access token, which was made in such a sign-in.</param>
    public static ProblemHttpResult MfaRequired(Uri setUp, bool byToken = false) => Create(StatusCodes.Status403Forbidden, "organization.mfa_required",
        $"This organization asks for a second factor, and you signed in without one{(byToken ? " when you made this token" : "")}. "
        + $"Set up a passkey or an authenticator app at {setUp}, then sign in again with it{(byToken ? " and make another token" : "")}.",
        new Dictionary<string, object?> { ["setUp"] = setUp });

    /// <summary>403 for a member who signed in by themselves, where the organization asks for a sign-in through its own provider.</summary>
    /// <param name="signIn">Where the person does that.</param>
    public static ProblemHttpResult SsoRequired(Uri signIn) => Create(StatusCodes.Status403Forbidden, "organization.sso_required",
        $"This organization asks its members to sign in through its own provider. Sign in at {signIn}, or with czctl: 'czctl login' and there the same; then repeat it.",
        new Dictionary<string, object?> { ["signIn"] = signIn });

    /// <summary>403 for a token that is for one organization, where something else is asked for.</summary>
    public static ProblemHttpResult Limited() => Create(StatusCodes.Status403Forbidden, "token.limited",
        "This token is for one organization alone, and this is about your account or other organizations. Sign in by yourself, with your own password or passkey.");

    /// <summary>403 for a token that was not given the permission, though who made it may have it.</summary>
    public static ProblemHttpResult NotInToken(Permission permission) => Create(StatusCodes.Status403Forbidden, "token.permission_missing",
        Permissions.ForTokens.Contains(permission)
            ? $"This token does not have the permission {permission.Name}. Make one that has it."
            : $"No token can have the permission {permission.Name}. Sign in, and do it yourself.",
        new Dictionary<string, object?> { ["permission"] = permission.Name });

    /// <summary>409: the request is right, but not in the present state of things.</summary>
    public static ProblemHttpResult Conflict(string code, string detail, IReadOnlyDictionary<string, object?>? members = null) =>
        Create(StatusCodes.Status409Conflict, code, detail, members);

    /// <summary>400: the request itself is wrong.</summary>
    public static ProblemHttpResult BadRequest(string code, string detail, IReadOnlyDictionary<string, object?>? members = null) =>
        Create(StatusCodes.Status400BadRequest, code, detail, members);

    /// <summary>400 <c>validation</c>: one field is wrong, in a way that only code can tell.</summary>
    /// <param name="field">As written in the request: camelCase, dotted.</param>
    public static ProblemHttpResult Invalid(string field, string why) => TypedResults.Problem(
        new HttpValidationProblemDetails(new Dictionary<string, string[]> { [field] = [why] }) { Status = StatusCodes.Status400BadRequest });

    /// <summary>422: well-formed, but its content cannot be accepted.</summary>
    public static ProblemHttpResult Unprocessable(string code, string detail, IReadOnlyDictionary<string, object?>? members = null) =>
        Create(StatusCodes.Status422UnprocessableEntity, code, detail, members);

    /// <summary>Any other refusal.</summary>
    /// <param name="code">Stable, lower case, dotted: <c>cluster.name_taken</c>.</param>
    /// <param name="detail">What happened, why, and what to do next. Never a secret or a token.</param>
    public static ProblemHttpResult Create(int status, string code, string detail, IReadOnlyDictionary<string, object?>? members = null)
    {
        var extensions = new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = code };
        foreach (var (name, value) in members ?? new Dictionary<string, object?>())
            extensions[name] = value;
        return TypedResults.Problem(detail, statusCode: status, extensions: extensions);
    }
}
