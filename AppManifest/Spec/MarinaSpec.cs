using System.Text.Json.Nodes;
using CodeZero.AppManifest.Reading;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest;

/// <summary>How the desktop shows an App.</summary>
public sealed record MarinaSpec(MarinaLaunch? Launch, IReadOnlyList<MarinaMenu> Menus)
{
    internal static MarinaSpec Read(MappingReader reader)
    {
        var launch = reader.Mapping("launch") is { } mapping ? MarinaLaunch.Read(mapping) : null;
        var menus = new List<MarinaMenu>();
        var json = new JsonArray();
        foreach (var (node, path) in reader.Items("menus", most: 20))
            if (MappingReader.From(node, path, reader.Context) is { } item && MarinaMenu.Read(item) is { } menu)
            {
                menus.Add(menu);
                json.Add((JsonNode)item.Json);
            }
        if (json.Count > 0)
            reader.Json["menus"] = json;
        reader.Complete(UnknownKeys.Refuse);
        return new(launch, menus);
    }
}

/// <summary>What opening the App does. The one type there is opens its address in the browser.</summary>
/// <param name="PopUp">In a new tab instead of a frame in the desktop.</param>
/// <param name="Port">Of the public address; nothing: the scheme's own.</param>
/// <param name="Path">Starts with <c>/</c>.</param>
/// <param name="Tag">The desktop's custom element to show instead; platform applications only.</param>
public sealed record MarinaLaunch(bool PopUp, int? Port, string Path, string? Tag)
{
    private static readonly Dictionary<string, int> s_types = new(StringComparer.Ordinal) { ["inline"] = 0 };

    internal static MarinaLaunch Read(MappingReader reader)
    {
        reader.OneOf("type", s_types, required: true);
        var popUp = PopUpOf(reader);
        var port = reader.Integer("port", 1, 65_535);
        var path = reader.Name("path", Formats.IsUrlPath, "path: it must start with / and have no spaces") ?? "/";
        var tag = reader.Name("tag", text => Formats.IsDnsLabel(text) && text.Contains('-', StringComparison.Ordinal), "custom element name: lower case, with a '-'");
        foreach (var key in (string[])["api", "local", "service"])
            reader.Keep(key);
        if (tag is not null && !reader.Context.IsPlatform)
        {
            if (reader.Context.Options.Importer)
                reader.Warning("manifest.platform_only", "`tag` is for the platform's own applications and is dropped.", "tag");
            else
                reader.Error("manifest.platform_only", "`tag` is for the platform's own applications. Remove it.", "tag");
            reader.Json.Remove("tag");
            tag = null;
        }
        reader.Complete(UnknownKeys.Refuse);
        return new(popUp, port, path, tag);
    }

    /// <summary>The key is written <c>popUp</c>, but in any case understood.</summary>
    private static bool PopUpOf(MappingReader reader)
    {
        const string key = "popUp";
        var written = reader.Node.Entries.FirstOrDefault(e => e.Key != key && string.Equals(e.Key, key, StringComparison.OrdinalIgnoreCase));
        if (written is null)
            return reader.Flag(key) ?? false;
        var flag = reader.Take(key, oldName: written.Key) is YamlScalar { Boolean: { } value } ? value : (bool?)null;
        if (flag is null)
            reader.Error("manifest.type", $"`{key}` must be true or false.", written.Key);
        else
            reader.Json[key] = flag.Value;
        return flag ?? false;
    }
}

/// <summary>What a menu entry does.</summary>
public enum MenuAction { Settings, Uninstall }

/// <summary>An entry in the App's menu in the desktop.</summary>
public sealed record MarinaMenu(string Display, MenuAction Action)
{
    private static readonly Dictionary<string, int> s_types = new(StringComparer.Ordinal) { ["apps"] = 0 };
    private static readonly Dictionary<string, MenuAction> s_actions = new(StringComparer.Ordinal) { ["settings"] = MenuAction.Settings, ["uninstall"] = MenuAction.Uninstall };

    internal static MarinaMenu? Read(MappingReader reader)
    {
        reader.OneOf("type", s_types, required: true);
        var display = reader.Text("display", required: true, longest: 80);
        var action = reader.OneOf("action", s_actions, required: true);
        reader.Complete(UnknownKeys.Refuse);
        return display is null || action is null ? null : new(display, action.Value);
    }
}
