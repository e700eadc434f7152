using System.Diagnostics;
using CodeZero.AppManifest.Expressions;

namespace CodeZero.AppManifest.Tests;

public class ExpressionTests
{
    private static readonly Dictionary<string, AnswerValue> s_answers = new()
    {
        ["mode"] = AnswerValue.Of("cluster"),
        ["nodes"] = AnswerValue.Of(3),
        ["tls"] = AnswerValue.Of(true),
        ["tags"] = AnswerValue.Of(["a", "b"]),
        ["with space"] = AnswerValue.Of("x"),
    };

    private static Expression Parsed(string source)
    {
        Assert.True(Expression.TryParse(source, out var expression, out var error), error);
        return expression;
    }

    [Theory]
    [InlineData("return value === 'Y' || 'You must accept the EULA (please enter \\'Y\\')'", "Y", true, null)]
    [InlineData("return value === 'Y' || 'You must accept the EULA (please enter \\'Y\\')'", "y", false, "You must accept the EULA (please enter 'Y')")]
    [InlineData("return value != '' && value != 'test'", "prod", true, null)]
    [InlineData("return value != '' && value != 'test'", "test", false, null)]
    [InlineData("value.length >= 8", "12345678", true, null)]
    [InlineData("return value.length > 8;", "12345678", false, null)]
    [InlineData("value.length < 3 ? 'too short' : true", "ab", false, "too short")]
    [InlineData("value.length < 3 ? 'too short' : true", "abc", true, null)]
    [InlineData("/^[a-z]+$/.test(value)", "abc", true, null)]
    [InlineData("/^[a-z]+$/.test(value)", "abc\n", false, null)]
    [InlineData("/^[a-z]+$/i.test(value)", "ABC", true, null)]
    [InlineData("/^\\d+$/.test(value)", "٣", false, null)]
    [InlineData("/[$]/.test(value)", "a$b", true, null)]
    [InlineData("!!value.match(/^(?=.*\\d)(?=.*[a-z]).{4,}$/)", "abc1", true, null)]
    [InlineData("value.startsWith('https://') && !value.endsWith('/')", "https://x", true, null)]
    [InlineData("value.includes(\"@\")", "a@b", true, null)]
    [InlineData("value == 5", "5", true, null)]
    [InlineData("value === 5", "5", false, null)]
    [InlineData("value > 10", "9", false, null)]
    [InlineData("value > '10'", "9", true, null)]
    [InlineData("value + '!' === 'a!'", "a", true, null)]
    [InlineData("1 + 2 === 3 && 3 - 1 == 2 && -1 < 0", "", true, null)]
    [InlineData("value === undefined", "a", false, null)]
    [InlineData("answers.missing == null && answers.missing !== null", "a", true, null)]
    [InlineData("answers.mode === 'cluster' && answers[\"nodes\"] >= 3 && answers.tls", "", true, null)]
    [InlineData("answers['with space'] == 'x'", "", true, null)]
    [InlineData("answers.tags.includes('b') && answers.tags.length === 2", "", true, null)]
    [InlineData("answers.constructor", "", false, null)]
    [InlineData("'\\u0041\\x42' === 'AB'", "", true, null)]
    public void Conditions_mean_what_JavaScript_means(string source, string value, bool valid, string? message) =>
        Assert.Equal(new ValidationOutcome(valid, message), Parsed(source).Validate(AnswerValue.Of(value), s_answers));

    [Theory]
    [InlineData("answers.missing.length > 0")]
    [InlineData("answers.missing.includes('a')")]
    [InlineData("answers.nodes.startsWith('3')")]
    [InlineData("answers.nodes.match(/3/)")]
    [InlineData("null.length")]
    public void A_fault_is_invalid_not_accepted(string source)
    {
        Assert.False(Parsed(source).Validate(AnswerValue.Of("x"), s_answers).IsValid);
        Assert.Null(Parsed(source).Holds(s_answers));
    }

    [Theory]
    [InlineData("")]
    [InlineData("return")]
    [InlineData("return true; return false")]
    [InlineData("this.spec")]
    [InlineData("process.exit()")]
    [InlineData("require('fs')")]
    [InlineData("value.constructor")]
    [InlineData("value.__proto__")]
    [InlineData("value.replace('a', 'b')")]
    [InlineData("value = 'x'")]
    [InlineData("answers.a = 1")]
    [InlineData("answers")]
    [InlineData("value[0]")]
    [InlineData("() => true")]
    [InlineData("function () {}")]
    [InlineData("while (true) {}")]
    [InlineData("value.match('text')")]
    [InlineData("/(/.test(value)")]
    [InlineData("/a/y.test(value)")]
    [InlineData("/a/")]
    [InlineData("'unclosed")]
    [InlineData("/unclosed")]
    [InlineData("'\\q'")]
    [InlineData("'\\u12'")]
    [InlineData("1e5")]
    [InlineData("0x10")]
    [InlineData("`template`")]
    [InlineData("a ? b")]
    [InlineData("(value")]
    [InlineData("value)")]
    [InlineData("value ? true")]
    [InlineData("value &")]
    [InlineData("return value \\")]
    public void Everything_else_is_refused_with_its_place(string source)
    {
        Assert.False(Expression.TryParse(source, out _, out var error));
        Assert.StartsWith("At character ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_and_deep_sources_are_refused()
    {
        Assert.False(Expression.TryParse("'" + new string('x', 2_000) + "'", out _, out _));
        Assert.False(Expression.TryParse(new string('(', 900) + "1" + new string(')', 900), out _, out _));
        Assert.False(Expression.TryParse(new string('!', 1_900) + "1", out _, out _));
        Assert.False(Expression.TryParse(string.Concat(Enumerable.Repeat("1?", 600)) + "1" + string.Concat(Enumerable.Repeat(":1", 600)), out _, out _));
        Assert.False(Expression.TryParse("/" + new string('a', 600) + "/.test(value)", out _, out _));
    }

    [Theory]
    [InlineData("/^(a+)+$/.test(value)")]
    [InlineData("/^(a|a)*b$/.test(value) || /^(a|a)*b$/.test(value) || /^(a|a)*b$/.test(value) || /^(a|a)*b$/.test(value) || /^(a|a)*b$/.test(value) || /^(a|a)*b$/.test(value)")]
    [InlineData("value+value+value+value+value+value+value+value+value+value+value+value+value+value+value+value+value+value+value+value")]
    public void Hostile_conditions_end_soon_and_do_not_hold(string source)
    {
        var expression = Parsed(source);
        var clock = Stopwatch.StartNew();
        Assert.False(expression.Validate(AnswerValue.Of(new string('a', 40_000) + "!"), s_answers).IsValid);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"took {clock.Elapsed}");
    }
}
