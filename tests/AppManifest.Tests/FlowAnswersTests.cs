namespace CodeZero.AppManifest.Tests;

public class FlowAnswersTests
{
    private static FlowAnswers Resolve(string prompts, params (string Name, string Answer)[] answers) =>
        FlowAnswers.Resolve(Manifests.FlowOf(prompts), answers.ToDictionary(a => a.Name, a => a.Answer));

    private static string? Text(IReadOnlyDictionary<string, ConfigValue> values, string name) => (values.GetValueOrDefault(name) as ConfigValue.Literal)?.Text;

    [Fact]
    public void Answers_go_where_their_prompt_says_and_passwords_always_to_the_secrets()
    {
        var resolved = Resolve("""
            - {name: A}
            - {name: B, c6o: {target: secrets}}
            - {name: C, c6o: {target: transient}}
            - {name: D, type: password, c6o: {target: configs}}
            """, ("A", "a"), ("B", "b"), ("C", "c"), ("D", "d"));
        Assert.Empty(resolved.Errors);
        Assert.Equal(["A"], resolved.Configs.Keys);
        Assert.Equal(["B", "D"], resolved.Secrets.Keys);
        Assert.Equal("c", resolved.Transient["C"]);
    }

    [Fact]
    public void An_unanswered_optional_prompt_leaves_no_variable()
    {
        var resolved = Resolve("- {name: A}\n- {name: B, default: b}\n- {name: C, default: c}", ("C", ""));
        Assert.Empty(resolved.Errors);
        Assert.Equal(["B"], resolved.Configs.Keys);
    }

    [Fact]
    public void A_required_prompt_without_default_must_be_answered()
    {
        var resolved = Resolve("- {name: A, c6o: {required: true}}\n- {name: B, c6o: {required: true}}\n- {name: C, default: c, c6o: {required: true}}", ("B", ""));
        Assert.Equal([("A", "answers.required"), ("B", "answers.required")], resolved.Errors.Select(e => (e.Prompt, e.Code)));
        Assert.Equal("c", Text(resolved.Configs, "C"));
    }

    [Fact]
    public void An_unanswered_prompt_that_can_be_generated_is()
    {
        var resolved = Resolve("- {name: A, type: password, c6o: {required: true, generate: {length: 16}}}");
        Assert.Empty(resolved.Errors);
        Assert.Equal(16, Assert.IsType<ConfigValue.Generated>(resolved.Secrets["A"]).Options.Length);
        Assert.Equal("mine", Text(Resolve("- {name: A, type: password, c6o: {generate: {length: 16}}}", ("A", "mine")).Secrets, "A"));
    }

    [Theory]
    [InlineData("confirm", "", "TRUE", "true")]
    [InlineData("confirm", "", "yes", null)]
    [InlineData("number", "", "12.5", "12.5")]
    [InlineData("number", "", "1e3", null)]
    [InlineData("number", "", "twelve", null)]
    [InlineData("number", "c6o: {min: 5}", "4", null)]
    [InlineData("number", "c6o: {max: 5}", "5.1", null)]
    [InlineData("number", "c6o: {min: 1, step: 2}", "3", "3")]
    [InlineData("number", "c6o: {min: 1, step: 2}", "4", null)]
    [InlineData("input", "c6o: {maxlength: 3}", "abcd", null)]
    [InlineData("input", "", "a\0b", null)]
    [InlineData("list", "choices: [a, {name: Bee, value: b}, <<separator>>, {name: c, disabled: not today}]", "b", "b")]
    [InlineData("list", "choices: [a, {name: Bee, value: b}]", "Bee", "b")]
    [InlineData("list", "choices: [a, {name: Bee, value: b}]", "c", null)]
    [InlineData("list", "choices: [a, {name: c, disabled: not today}]", "c", null)]
    [InlineData("list", "choices: [a, <<separator>>]", "<<separator>>", null)]
    [InlineData("expand", "choices: [{key: y, name: Overwrite, value: over}, b]", "y", "over")]
    [InlineData("rawlist", "choices: [1, 2.0]", "2.0", "2.0")]
    [InlineData("checkbox", "choices: [a, b, c]", "c,a", "c,a")]
    [InlineData("checkbox", "choices: [a, b, c]", "a,a", "a")]
    [InlineData("checkbox", "choices: [a, b, c]", "a,d", null)]
    [InlineData("editor", "", "two\nlines", "two\nlines")]
    public void An_answer_must_fit_its_prompt(string type, string more, string answer, string? expected)
    {
        var resolved = Resolve($"- name: A\n  type: {type}\n  {more}", ("A", answer));
        Assert.Equal(expected, Text(resolved.Configs, "A"));
        Assert.Equal(expected is null ? "answers.invalid" : null, resolved.Errors.SingleOrDefault()?.Code);
    }

    [Theory]
    [InlineData("list", "choices: [a, b]\n  default: 1", "b")]
    [InlineData("list", "choices: [a, <<separator>>, b]\n  default: 2", "b")]
    [InlineData("checkbox", "choices: [a, b, <<separator>>, c]\n  default: 3", "c")]
    [InlineData("checkbox", "choices: [a, b, c]\n  default: [0, 2]", "a,c")]
    [InlineData("checkbox", "choices: [{name: a, checked: true}, b]", "a")]
    [InlineData("confirm", "default: false", "false")]
    [InlineData("number", "default: 0", "0")]
    [InlineData("list", "default: 1\n  c6o: {dataSource: timezone}", "America/New_York")]
    [InlineData("list", "choices: [Here]\n  default: 2\n  c6o: {dataSource: timezone}", "America/New_York")]
    public void Defaults_of_choices_are_indexes_with_separators_counted(string type, string more, string expected) =>
        Assert.Equal(expected, Text(Resolve($"- name: A\n  type: {type}\n  {more}").Configs, "A"));

    [Fact]
    public void Conditions_see_the_answers_before_them()
    {
        const string prompts = """
            - {name: MODE, default: single}
            - {name: NODES, type: number, when: "return answers.MODE === 'cluster'", c6o: {required: true}}
            """;
        Assert.Empty(Resolve(prompts).Errors);
        Assert.Equal("NODES", Assert.Single(Resolve(prompts, ("MODE", "cluster")).Errors).Prompt);
        Assert.Equal("3", Text(Resolve(prompts, ("MODE", "cluster"), ("NODES", "3")).Configs, "NODES"));
        Assert.False(Resolve(prompts, ("NODES", "3")).Configs.ContainsKey("NODES"));
    }

    [Fact]
    public void A_condition_that_fails_asks_and_does_not_skip()
    {
        var flow = Manifests.EngineOf("flow: [{name: one, skip: return answers.X.length > 0, prompts: {name: A, when: return answers.X.length > 0, c6o: {required: true}}}]").Flow;
        Assert.Equal("answers.required", Assert.Single(FlowAnswers.Resolve(flow, new Dictionary<string, string>()).Errors).Code);
    }

    [Fact]
    public void A_skipped_step_asks_nothing()
    {
        var flow = Manifests.EngineOf("flow: [{name: one, prompts: {name: A}}, {name: two, skip: return answers.A == 'n', sections: {title: T, prompts: {name: B, c6o: {required: true}}}}]").Flow;
        Assert.Empty(FlowAnswers.Resolve(flow, new Dictionary<string, string> { ["A"] = "n" }).Errors);
        Assert.Single(FlowAnswers.Resolve(flow, new Dictionary<string, string> { ["A"] = "y" }).Errors);
    }

    [Fact]
    public void The_publisher_s_words_are_shown_for_an_invalid_answer()
    {
        Assert.Contains("Say Y", Assert.Single(Resolve("- {name: A, validate: \"return value === 'Y' || 'Say Y'\"}", ("A", "n")).Errors).Message, StringComparison.Ordinal);
        Assert.Contains("Not so", Assert.Single(Resolve("- {name: A, validate: return false, c6o: {errorMessage: Not so}}", ("A", "n")).Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_repeats_a_password()
    {
        var error = Assert.Single(Resolve("- {name: A, type: password, c6o: {maxlength: 3}}", ("A", "hunter2")).Errors);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_to_nothing_is_an_error_with_the_nearest_name()
    {
        var error = Assert.Single(Resolve("- {name: ADMIN_USER}", ("ADMIN_USR", "x")).Errors);
        Assert.Equal("answers.unknown", error.Code);
        Assert.Contains("ADMIN_USER", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_time_zones_keep_the_places_that_defaults_point_at()
    {
        Assert.Equal(["UTC", "America/New_York"], TimeZones.All.Take(2));
        Assert.Equal(TimeZones.All.Count, TimeZones.All.Distinct().Count());
        Assert.Contains("Europe/Berlin", TimeZones.All);
        Assert.Contains("America/Argentina/Buenos_Aires", TimeZones.All);
        Assert.Contains("UTC-11", TimeZones.All);
        Assert.Equal("UTC+14", TimeZones.All[^1]);
        Assert.DoesNotContain(TimeZones.All, zone => zone.Any(char.IsWhiteSpace));
    }
}
