using System.CommandLine;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Session;

namespace CodeZero.Cli.Commands;

/// <summary>czctl keys create|show: approver keys, which the Hub never has.</summary>
internal static class KeyCommands
{
    private static readonly Argument<string> File = new("file") { Description = "The private key's file, PKCS#8 in PEM form, mode 0600. The public key stands beside it, with .pub." };
    private static readonly Argument<string> AnyFile = new("file") { Description = "A private key's file, or a public key's." };
    private static readonly Option<bool> Passphrase = new("--passphrase") { Description = "Encrypt the key with a passphrase, which is asked for." };

    public static Command Create() => new("keys", "Keys to approve installs with.")
    {
        new CzCommand("create", "Make a key to approve with, and print its public part for the cluster's trust root.",
            ["czctl keys create approver.pem", "czctl keys create approver.pem --passphrase"], CreateAsync).With(File, Passphrase, KeyFiles.PassphraseFile),
        new CzCommand("show", "Print a key's public part and thumbprint.", ["czctl keys show approver.pem"], ShowAsync).With(AnyFile, KeyFiles.PassphraseFile),
    };

    private static Task CreateAsync(CommandContext context, CancellationToken ct)
    {
        var file = context.Get(File);
        if (System.IO.File.Exists(file))
            throw CommandError.Refused("key.exists", $"{file} exists, and a key that is overwritten is lost.", "Choose another file; `czctl keys show` prints what this one is.");
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } directory && !Directory.Exists(directory))
            throw CommandError.NotFound($"There is no directory {directory}.", "Make it first, readable by you alone.");
        var key = EcPrivateKey.Generate();
        // The public file goes first: where the private one is, the other is too.
        PrivateFile.Write(file + ".pub", key.PublicKey + "\n");
        PrivateFile.Create(file, key.ToPem(NewPassphrase(context)));
        Print(context, file, key.PublicKey);
        return Task.CompletedTask;
    }

    private static Task ShowAsync(CommandContext context, CancellationToken ct)
    {
        var file = context.Get(AnyFile);
        var text = System.IO.File.ReadAllText(file);
        Print(context, file, text.Contains("PRIVATE KEY", StringComparison.Ordinal) ? KeyFiles.ReadPrivate(context, file).PublicKey : KeyFiles.ParsePublic(text, file));
        return Task.CompletedTask;
    }

    private static string? NewPassphrase(CommandContext context)
    {
        if (context.Get(KeyFiles.PassphraseFile) is { } given)
            return KeyFiles.ReadPassphrase(given);
        if (!context.Get(Passphrase))
            return null;
        var first = context.Terminal.Ask("Passphrase", "Give it with --passphrase-file.", secret: true);
        if (first.Length == 0 || context.Terminal.Ask("Once more", "Give it with --passphrase-file.", secret: true) != first)
            throw CommandError.Refused("key.passphrase", first.Length == 0 ? "The passphrase is empty." : "The two passphrases differ.", "Nothing was made; try again.");
        return first;
    }

    private static void Print(CommandContext context, string file, EcPublicKey key) =>
        context.Terminal.Result(new { file, thumbprint = key.Thumbprint, jwk = key.ToString() }, output =>
        {
            output.WriteLine(key);
            output.WriteLine($"thumbprint {key.Thumbprint}");
        });
}
