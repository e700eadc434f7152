using System.Diagnostics;
using System.Text.RegularExpressions;

namespace CodeZero.AppManifest.Expressions;

/// <summary>What an evaluation sees, and when it began.</summary>
internal readonly record struct Scope(AnswerValue Value, IReadOnlyDictionary<string, AnswerValue> Answers, long StartedAt)
{
    public void CheckTime()
    {
        if (Stopwatch.GetElapsedTime(StartedAt) > Expression.Budget)
            throw new ExpressionFaultException();
    }
}

/// <summary>A part of an expression.</summary>
internal abstract record Node
{
    public abstract AnswerValue Evaluate(Scope scope);

    public sealed record Literal(AnswerValue Constant) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => Constant;
    }

    public sealed record Subject : Node
    {
        public override AnswerValue Evaluate(Scope scope) => scope.Value;
    }

    public sealed record Answer(Node Name) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => scope.Answers.GetValueOrDefault(Name.Evaluate(scope).ToText());
    }

    public sealed record Not(Node Operand) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => AnswerValue.Of(!Operand.Evaluate(scope).IsTruthy);
    }

    public sealed record Negate(Node Operand) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => AnswerValue.Of(-Operand.Evaluate(scope).ToNumber());
    }

    public sealed record And(Node Left, Node Right) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => Left.Evaluate(scope) is { IsTruthy: false } left ? left : Right.Evaluate(scope);
    }

    public sealed record Or(Node Left, Node Right) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => Left.Evaluate(scope) is { IsTruthy: true } left ? left : Right.Evaluate(scope);
    }

    public sealed record Conditional(Node Test, Node Then, Node Else) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => Test.Evaluate(scope).IsTruthy ? Then.Evaluate(scope) : Else.Evaluate(scope);
    }

    public sealed record Comparison(string Operator, Node Left, Node Right) : Node
    {
        public override AnswerValue Evaluate(Scope scope)
        {
            var (left, right) = (Left.Evaluate(scope), Right.Evaluate(scope));
            return AnswerValue.Of(Operator switch
            {
                "===" => left == right,
                "!==" => left != right,
                "==" => left.LooselyEquals(right),
                "!=" => !left.LooselyEquals(right),
                _ when left.Raw is string a && right.Raw is string b => Ordered(string.CompareOrdinal(a, b), 0),
                _ => Ordered(left.ToNumber(), right.ToNumber()),
            });
        }

        private bool Ordered(double left, double right) => Operator switch
        {
            "<" => left < right,
            "<=" => left <= right,
            ">" => left > right,
            _ => left >= right,
        };
    }

    public sealed record Add(Node Left, Node Right) : Node
    {
        private const int LongestText = 100_000;

        public override AnswerValue Evaluate(Scope scope)
        {
            var (left, right) = (Left.Evaluate(scope), Right.Evaluate(scope));
            if (left.Raw is not (string or IReadOnlyList<string>) && right.Raw is not (string or IReadOnlyList<string>))
                return AnswerValue.Of(left.ToNumber() + right.ToNumber());
            scope.CheckTime();
            var (a, b) = (left.ToText(), right.ToText());
            return a.Length + b.Length <= LongestText ? AnswerValue.Of(a + b) : throw new ExpressionFaultException();
        }
    }

    public sealed record Subtract(Node Left, Node Right) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => AnswerValue.Of(Left.Evaluate(scope).ToNumber() - Right.Evaluate(scope).ToNumber());
    }

    public sealed record Length(Node Target) : Node
    {
        public override AnswerValue Evaluate(Scope scope) => Target.Evaluate(scope).Raw switch
        {
            string text => AnswerValue.Of(text.Length),
            IReadOnlyList<string> list => AnswerValue.Of(list.Count),
            bool or double => AnswerValue.Undefined,
            _ => throw new ExpressionFaultException(),
        };
    }

    public sealed record TextCall(string Method, Node Target, Node Argument) : Node
    {
        public override AnswerValue Evaluate(Scope scope)
        {
            scope.CheckTime();
            var argument = Argument.Evaluate(scope);
            return AnswerValue.Of((Target.Evaluate(scope).Raw, Method) switch
            {
                (string text, "includes") => text.Contains(argument.ToText(), StringComparison.Ordinal),
                (string text, "startsWith") => text.StartsWith(argument.ToText(), StringComparison.Ordinal),
                (string text, "endsWith") => text.EndsWith(argument.ToText(), StringComparison.Ordinal),
                (IReadOnlyList<string> list, "includes") => argument.Raw is string item && list.Contains(item, StringComparer.Ordinal),
                _ => throw new ExpressionFaultException(),
            });
        }
    }

    public sealed record Matches(Regex Pattern, Node Target, bool OnlyTexts) : Node
    {
        public override AnswerValue Evaluate(Scope scope)
        {
            scope.CheckTime();
            var target = Target.Evaluate(scope);
            if (OnlyTexts && target.Raw is not string)
                throw new ExpressionFaultException();
            try
            {
                return AnswerValue.Of(Pattern.IsMatch(target.ToText()));
            }
            catch (RegexMatchTimeoutException)
            {
                throw new ExpressionFaultException();
            }
        }
    }
}
