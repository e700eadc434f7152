using CodeZero.ClusterAgent.Policy;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>Collects the conditions of one pass in the order of its steps: what held so far, and the one that did not.</summary>
internal sealed class AppChecks
{
    private const string Succeeded = "Succeeded";
    private readonly List<AppCondition> _conditions = [];

    public static IReadOnlyList<AppProblem> Refusals(IEnumerable<PolicyRefusal> refusals) =>
        [.. refusals.Select(refusal => new AppProblem(refusal.Code, refusal.Object?.ToString() ?? "", refusal.Field.Length == 0 ? refusal.Message : $"{refusal.Field}: {refusal.Message}"))];

    public void Hold(string type) => Hold(type, []);

    /// <param name="ignored">What was left out in holding.</param>
    public void Hold(string type, IReadOnlyList<AppProblem> ignored) => _conditions.Add(ignored.Count == 0
        ? new(type, true, Succeeded, "")
        : new(type, true, "Ignored", Join(ignored)));

    /// <summary>Holds when there is nothing to say.</summary>
    public void Note(string type, IReadOnlyList<AppProblem> notes)
    {
        if (notes.Count == 0)
            Hold(type);
        else
            _conditions.Add(new(type, false, notes[0].Code, Join(notes)));
    }

    private static string Join(IReadOnlyList<AppProblem> notes) => string.Join(" ", notes.Select(note => note.Message));

    public AppOutcome Succeed(string type)
    {
        Hold(type);
        return new(AppProgress.Healthy) { Conditions = _conditions };
    }

    public AppOutcome Fail(string type, IReadOnlyList<AppProblem> problems)
    {
        _conditions.Add(new(type, false, problems[0].Code, problems[0].ToString()));
        return new(AppProgress.Failed) { Conditions = _conditions, Problems = problems };
    }

    public AppOutcome Wait(string type, string message, TimeSpan lookAgainAfter)
    {
        _conditions.Add(new(type, null, "InProgress", message));
        return new(AppProgress.InProgress) { Conditions = _conditions, LookAgainAfter = lookAgainAfter };
    }
}
