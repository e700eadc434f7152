using CodeZero.AppManifest.Expressions;

namespace CodeZero.AppManifest;

/// <summary>What is asked before an edition is installed, in this order. Prompt names are unique in the flow.</summary>
public sealed record Flow(IReadOnlyList<FlowStep> Steps)
{
    public static Flow Empty { get; } = new([]);

    public IEnumerable<Prompt> Prompts => Steps.SelectMany(s => s.Sections).SelectMany(s => s.Prompts);
}

/// <summary>One page of questions.</summary>
/// <param name="Skip">The whole step is left out when this holds.</param>
/// <param name="Sections">Prompts without a section stand in one without a title.</param>
public sealed record FlowStep(string Name, Expression? Skip, IReadOnlyList<FlowSection> Sections);

/// <summary>Prompts under a common title.</summary>
public sealed record FlowSection(string? Title, IReadOnlyList<Prompt> Prompts);

/// <summary>How a prompt is asked, and what its answer is.</summary>
public enum PromptType { Input, Number, Password, Confirm, List, RawList, Expand, Checkbox, Editor }

/// <summary>Where an answer goes.</summary>
public enum PromptTarget
{
    /// <summary>An environment variable.</summary>
    Configs,

    /// <summary>An environment variable kept in a Secret. Passwords always go here.</summary>
    Secrets,

    /// <summary>Nowhere: later conditions may use it.</summary>
    Transient,
}

/// <summary>One question.</summary>
public sealed record Prompt
{
    public required PromptType Type { get; init; }

    /// <summary>The environment variable, and the key of the answer.</summary>
    public required string Name { get; init; }

    public required string Message { get; init; }

    public string? Label { get; init; }

    public bool Required { get; init; }

    public PromptTarget Target { get; init; }

    /// <summary>The default as an answer (<c>true</c> or <c>false</c> for confirm); prompts with choices have <see cref="DefaultIndexes"/> instead.</summary>
    public string? Default { get; init; }

    /// <summary>The choices chosen by default, as indexes into <see cref="Choices"/>; more than one only for checkboxes.</summary>
    public IReadOnlyList<int> DefaultIndexes { get; init; } = [];

    /// <summary>The written choices, separators counted, and after them the time zones where the prompt asks for one.</summary>
    public IReadOnlyList<PromptChoice> Choices { get; init; } = [];

    /// <summary>The choices are time zones. A browser should offer the user's own instead of the default.</summary>
    public bool IsTimeZone { get; init; }

    /// <summary>Must hold for the answer to be taken.</summary>
    public Expression? Validate { get; init; }

    /// <summary>The prompt is asked only when this holds.</summary>
    public Expression? When { get; init; }

    /// <summary>What to say about an invalid answer.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Unanswered, the value is generated.</summary>
    public GenerateOptions? Generate { get; init; }

    public string? GenerateMessage { get; init; }

    public decimal? Min { get; init; }

    public decimal? Max { get; init; }

    /// <summary>Answers are this far apart, counted from <see cref="Min"/> or 0; above zero.</summary>
    public decimal? Step { get; init; }

    /// <summary>In characters.</summary>
    public int? MaxLength { get; init; }

    internal bool HasChoices => Type is PromptType.List or PromptType.RawList or PromptType.Expand or PromptType.Checkbox;
}

/// <summary>A choice, or a line between choices.</summary>
/// <param name="Text">What is shown.</param>
/// <param name="Value">What is answered.</param>
/// <param name="Key">The letter that chooses it, in an expand prompt.</param>
/// <param name="IsDisabled">Shown, but not to be chosen.</param>
/// <param name="IsChecked">Chosen by default, in a checkbox prompt.</param>
/// <param name="IsSeparator">Not a choice at all; it counts in indexes.</param>
public sealed record PromptChoice(string Text, string Value, string? Key = null, bool IsDisabled = false, bool IsChecked = false, bool IsSeparator = false)
{
    /// <summary>How a separator is written.</summary>
    public const string Separator = "<<separator>>";

    public bool IsSelectable => !IsDisabled && !IsSeparator;
}
