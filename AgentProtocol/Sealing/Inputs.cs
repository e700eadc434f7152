using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol.Sealing;

/// <summary>The answers to an application's questions, secrets among them: what is inside <see cref="SealedInputs"/>.</summary>
/// <param name="Answers">At most 500; names are 1 to 128 printable ASCII characters without spaces.</param>
public sealed record Inputs(IReadOnlyDictionary<string, string> Answers)
{
    /// <summary>180 KiB: sealed and in base64url it stays within <see cref="SealedInputs.MaxBytes"/>.</summary>
    public const int MaxBytes = 180 * 1024;

    private const int MaxAnswers = 500, MaxName = 128;
    private static readonly WireFormat<Inputs> Format = new("The inputs", MaxBytes, WireJson.Strict.Inputs, Problems);

    public static Checked<Inputs> Parse(ReadOnlySpan<byte> json) => Format.ReadCanonical(json);

    /// <exception cref="ArgumentException">There are more than 500 answers, a name is not in the form above, or all are larger than 180 KiB.</exception>
    public byte[] ToCanonicalJson() => Format.Write(this);

    /// <summary>Tells how many; never what.</summary>
    public override string ToString() => $"{Answers.Count} answers";

    private static IEnumerable<string> Problems(Inputs inputs)
    {
        if (inputs.Answers.Count > MaxAnswers)
            yield return $"there are {inputs.Answers.Count} answers; at most {MaxAnswers} are allowed.";
        if (inputs.Answers.Any(a => a.Key.Length is 0 or > MaxName || a.Key.Any(c => c is <= ' ' or > '~')))
            yield return $"an answer's name must be 1 to {MaxName} printable ASCII characters without spaces.";
        if (inputs.Answers.Any(a => a.Value is null))
            yield return "an answer must be a string.";
    }
}
