using System.Net;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>What the API server refused, as problems with stable codes and a remedy.</summary>
internal static class Problems
{
    public const string Forbidden = "apply.forbidden";

    public static IEnumerable<AppProblem> From(ClusterApiException error, ObjectRef? target)
    {
        var about = target?.ToString() ?? "";
        var conflicts = error.FieldConflicts.ToList();
        if (conflicts.Count > 0)
            return conflicts.GroupBy(conflict => conflict.Manager, conflict => conflict.Field).Select(group => new AppProblem("apply.conflict", about,
                $"{string.Join(", ", group)} is set by \"{group.Key}\" to another value, and the agent does not overwrite it. "
                + $"Remove it there, or delete the object so that the agent writes it anew."));
        return [new(Code(error), about, error.Message)];
    }

    private static string Code(ClusterApiException error) => error.Code switch
    {
        HttpStatusCode.Conflict => "apply.conflict",
        HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => Forbidden,
        HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest => "apply.invalid",
        HttpStatusCode.NotFound => "apply.not_found",
        _ => "apply.failed",
    };
}
