using System.Diagnostics.CodeAnalysis;

namespace CodeZero.AgentProtocol;

/// <summary>Why something was not accepted.</summary>
/// <param name="Code">One of <see cref="RefusalCode"/>; stable, for programs.</param>
/// <param name="Reason">A sentence for people: what is wrong, where, and what to do. Holds no secret.</param>
public sealed record Refusal(string Code, string Reason);

/// <summary>
/// A value that passed its checks, or the refusal. Bad input from the other side is expected, so it is a result and no exception.
/// There is no third state: a <see cref="Checked{T}"/> that was not accepted has no value.
/// </summary>
public sealed class Checked<T> where T : class
{
    private readonly T? _value;
    private readonly Refusal? _refusal;

    private Checked(T? value, Refusal? refusal) => (_value, _refusal) = (value, refusal);

    public bool Accepted => _value is not null;

    /// <exception cref="InvalidOperationException">It was refused: look at <see cref="Accepted"/> or use <see cref="TryGet"/> first.</exception>
    public T Value => _value ?? throw new InvalidOperationException($"There is no value: {_refusal!.Code}: {_refusal.Reason}");

    /// <summary>Why it was refused; null when it was accepted.</summary>
    public Refusal? Refusal => _refusal;

    /// <summary>The value when accepted, else the refusal: exactly one of the two is set.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Refusal? refusal)
    {
        (value, refusal) = (_value, _refusal);
        return value is not null;
    }

    public static implicit operator Checked<T>(T value) => new(value ?? throw new ArgumentNullException(nameof(value)), null);
    public static implicit operator Checked<T>(Refusal refusal) => new(null, refusal ?? throw new ArgumentNullException(nameof(refusal)));
}
