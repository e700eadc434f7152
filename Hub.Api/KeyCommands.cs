using CodeZero.Hub.Identity;

namespace CodeZero.Hub.Api;

/// <summary>The commands <c>keys list</c> and <c>keys rotate</c>: the keys that the sign-in signs with. They work on the database alone; a running Hub hears of what they change.</summary>
internal static class KeyCommands
{
    private const string Compromised = "--compromised";

    /// <returns>What is wrong with the command; null when it was carried out.</returns>
    internal static async Task<string?> RunAsync(string[] args, TextWriter output)
    {
        var rotate = args is ["rotate", ..];
        if (!rotate && args is not ["list", ..])
            return "keys is followed by list or rotate. --help explains them.";
        var settings = args[1..];
        if (!rotate && settings.Contains(Compromised))
            return $"{Compromised} belongs to keys rotate.";
        await using var app = HubApplication.CreateBuilder([.. settings.Where(arg => arg != Compromised)]).Build();
        await using var scope = app.Services.CreateAsyncScope();
        var keys = scope.ServiceProvider.GetRequiredService<ISigningKeys>();
        if (rotate)
            await (settings.Contains(Compromised) ? keys.ReplaceCompromisedAsync(CancellationToken.None) : keys.RotateAsync(CancellationToken.None));
        Print(output, await keys.ListAsync(CancellationToken.None));
        return null;
    }

    private static void Print(TextWriter output, IReadOnlyList<SigningKeyInfo> keys)
    {
        const string row = "{0,-8} {1,-6} {2,-20:u} {3,-20:u} {4,-20:u} {5}";
        output.WriteLine(row, "STATE", "ALG", "SIGNS FROM", "SIGNS UNTIL", "PUBLISHED UNTIL", "KEY");
        foreach (var key in keys)
            output.WriteLine(row, key.State, key.Algorithm, key.SignsFrom.ToUniversalTime(), key.SignsUntil.ToUniversalTime(), key.RetiresAt.ToUniversalTime(), key.Id);
    }
}
