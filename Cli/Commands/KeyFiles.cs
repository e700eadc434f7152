using System.CommandLine;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>Keys in files.</summary>
internal static class KeyFiles
{
    public static readonly Option<string?> PassphraseFile = new("--passphrase-file") { Description = "The key's passphrase is the first line of this file.", HelpName = "FILE" };

    /// <summary>Reads a private key, asking for its passphrase where it has one.</summary>
    public static EcPrivateKey ReadPrivate(CommandContext context, string file)
    {
        var pem = File.ReadAllText(file);
        var encrypted = pem.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows() && !encrypted && (File.GetUnixFileMode(file) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
            context.Terminal.Warn($"{file} can be read by others. Run: chmod 600 {file}");
        var passphrase = context.Get(PassphraseFile) is { } given ? ReadPassphrase(given)
            : encrypted ? context.Terminal.Ask($"Passphrase of {file}", "Give it with --passphrase-file.", secret: true)
            : null;
        return EcPrivateKey.FromPem(pem, passphrase).TryGet(out var key, out var refusal)
            ? key
            : throw CommandError.Refused(refusal.Code, $"{file}: {refusal.Reason}", "`czctl keys create` makes a key.");
    }

    /// <summary>A public key as a file of <c>czctl keys create</c>, or as the JWK itself.</summary>
    public static EcPublicKey ReadPublic(string fileOrJwk) =>
        fileOrJwk.TrimStart().StartsWith('{') ? ParsePublic(fileOrJwk, "The key") : ParsePublic(File.ReadAllText(fileOrJwk), fileOrJwk);

    public static EcPublicKey ParsePublic(string jwk, string where) => EcPublicKey.Parse(jwk.Trim()).TryGet(out var key, out var refusal)
        ? key
        : throw CommandError.Refused(refusal.Code, $"{where}: {refusal.Reason}", "Give the .pub file that `czctl keys create` wrote, or a P-256 JWK.");

    public static string ReadPassphrase(string file) => File.ReadLines(file).FirstOrDefault() is { Length: > 0 } line
        ? line
        : throw CommandError.Refused("key.passphrase", $"{file} begins with an empty line.", "Put the passphrase into its first line.");
}
