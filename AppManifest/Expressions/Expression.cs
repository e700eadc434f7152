using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace CodeZero.AppManifest.Expressions;

/// <summary>
/// A publisher's condition (<c>validate</c>, <c>when</c>, <c>skip</c>): the body of a JavaScript function, of which exactly one returned expression is understood.
/// It has literals, <c>value</c>, <c>answers.x</c>, <c>answers["x"]</c>, <c>! &amp;&amp; || == != === !== &lt; &lt;= &gt; &gt;= + - ?:</c>, parentheses, <c>.length</c>,
/// <c>.includes()</c>, <c>.startsWith()</c>, <c>.endsWith()</c>, <c>.match(/re/)</c> and <c>/re/.test()</c>. There are no loops, no assignments and no access to
/// anything else, so an evaluation ends: within <see cref="Budget"/>, regular expressions included.
/// </summary>
public sealed class Expression
{
    /// <summary>The longest source, in characters.</summary>
    public const int LongestSource = 2_000;

    /// <summary>The time one evaluation may take before it counts as a fault.</summary>
    public static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(200);

    private readonly Node _root;

    private Expression(string source, Node root) => (Source, _root) = (source, root);

    public string Source { get; }

    /// <param name="error">What is not understood, and where, as a sentence.</param>
    public static bool TryParse(string source, [NotNullWhen(true)] out Expression? expression, [NotNullWhen(false)] out string? error)
    {
        (expression, error) = (null, null);
        if (source.Length > LongestSource)
        {
            error = $"The expression has {source.Length} characters; at most {LongestSource} are allowed.";
            return false;
        }
        try
        {
            expression = new(source, new ExpressionParser(source).Parse());
            return true;
        }
        catch (ExpressionSyntaxException e)
        {
            error = e.Message;
            return false;
        }
    }

    /// <summary>Judges an answer: <c>true</c> is valid; <c>false</c>, a text (which becomes the message) and every fault are invalid.</summary>
    public ValidationOutcome Validate(AnswerValue value, IReadOnlyDictionary<string, AnswerValue> answers) => Evaluate(value, answers, out var result) switch
    {
        false => new(false, null),
        _ => result.Raw switch
        {
            string message => new(false, message.Length == 0 ? null : message),
            _ => new(result.IsTruthy, null),
        },
    };

    /// <summary>Whether the condition holds; nothing when evaluating it failed.</summary>
    public bool? Holds(IReadOnlyDictionary<string, AnswerValue> answers) => Evaluate(AnswerValue.Undefined, answers, out var result) ? result.IsTruthy : null;

    public override string ToString() => Source;

    private bool Evaluate(AnswerValue value, IReadOnlyDictionary<string, AnswerValue> answers, out AnswerValue result)
    {
        try
        {
            result = _root.Evaluate(new Scope(value, answers, Stopwatch.GetTimestamp()));
            return true;
        }
        catch (ExpressionFaultException)
        {
            result = AnswerValue.Undefined;
            return false;
        }
    }
}

/// <summary>What an answer's validation said.</summary>
/// <param name="Message">The expression's own words, when it had any.</param>
public readonly record struct ValidationOutcome(bool IsValid, string? Message);

/// <summary>The expression cannot be read.</summary>
internal sealed class ExpressionSyntaxException(string message) : Exception(message);

/// <summary>The evaluation failed: a member of nothing, a text grown too long, or time used up.</summary>
internal sealed class ExpressionFaultException : Exception;
