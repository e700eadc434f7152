using System.Text.Json;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Session;

/// <summary>What czctl remembers that is no secret: the Hub of the last sign-in, and the organization chosen at each.</summary>
/// <param name="Organizations">Hub address → slug.</param>
internal sealed record Settings(string? Hub, IReadOnlyDictionary<string, string> Organizations)
{
    public static readonly Settings Empty = new(null, new Dictionary<string, string>());

    public string? OrganizationAt(Uri hub) => Organizations.GetValueOrDefault(hub.AbsoluteUri);

    public Settings WithOrganization(Uri hub, string slug) =>
        this with { Organizations = new Dictionary<string, string>(Organizations) { [hub.AbsoluteUri] = slug } };
}

/// <summary>
/// czctl's directory: <c>$CZCTL_HOME</c>, else <c>$XDG_CONFIG_HOME/czctl</c>, else <c>~/.config/czctl</c>. Every file in it has mode 0600:
/// <c>settings.json</c>; and per Hub <c>hubs/&lt;host&gt;/session.json</c> (tokens and their key) and <c>agents.json</c> (agents a person accepted).
/// </summary>
internal sealed class CzctlHome(string directory)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static CzctlHome Find(Surroundings surroundings)
    {
        if (surroundings.Variable("CZCTL_HOME") is { Length: > 0 } home)
            return new(Path.GetFullPath(home));
        var configuration = surroundings.Variable("XDG_CONFIG_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : Path.Combine(surroundings.UserProfile, ".config");
        return new(Path.Combine(configuration, "czctl"));
    }

    public Settings ReadSettings() => Read<Settings>(Path.Combine(directory, "settings.json")) ?? Settings.Empty;

    public void Write(Settings settings) => Write(Path.Combine(directory, "settings.json"), settings);

    /// <summary>The directory of one Hub.</summary>
    public string Of(Uri hub) => Path.Combine(directory, "hubs", HubAddresses.FileName(hub));

    public static T? Read<T>(string path) where T : class
    {
        try
        {
            return PrivateFile.Read(path) is { } text ? JsonSerializer.Deserialize<T>(text, Json) : null;
        }
        catch (JsonException e)
        {
            throw new IOException($"{path} is damaged ({e.Message}). Delete it, then repeat the command.", e);
        }
    }

    public static void Write<T>(string path, T value) => PrivateFile.Write(path, JsonSerializer.Serialize(value, Json));
}
