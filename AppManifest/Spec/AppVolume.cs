using System.Text.Json.Nodes;
using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>Storage that outlives the App's containers.</summary>
/// <param name="Name">A DNS label, unique in the edition.</param>
/// <param name="Size">More than zero.</param>
/// <param name="MountPath">Absolute, unique in the edition.</param>
/// <param name="SubPath">Relative, without <c>..</c>; nothing: the volume's root.</param>
public sealed record AppVolume(string Name, Quantity Size, string MountPath, string? SubPath)
{
    private const int MostVolumes = 20;

    internal static IReadOnlyList<AppVolume> ReadAll(MappingReader reader)
    {
        const string key = "volumes";
        var volumes = new List<AppVolume>();
        var json = new JsonArray();
        foreach (var (node, path) in reader.Items(key, oldName: "volume", most: MostVolumes))
        {
            if (MappingReader.From(node, path, reader.Context) is not { } item || ReadOne(item) is not { } volume)
                continue;
            if (volumes.Any(v => v.Name == volume.Name))
                item.Error("manifest.duplicate", $"Two volumes are called \"{volume.Name}\".", "name");
            if (volumes.Any(v => v.MountPath == volume.MountPath))
                item.Error("manifest.duplicate", $"Two volumes are mounted at {Shown.Text(volume.MountPath)}.", "mountPath");
            volumes.Add(volume);
            json.Add((JsonNode)item.Json);
        }
        if (json.Count > 0)
            reader.Json[key] = json;
        return volumes;
    }

    private static AppVolume? ReadOne(MappingReader item)
    {
        var mountPath = item.Name("mountPath", Formats.IsAbsolutePath, "absolute path without '..' and ':'", required: true);
        var size = Quantity.Read(item, "size", required: true);
        var subPath = item.Name("subPath", text => ManifestFiles.Relative(text) == text, "relative path without '..'");
        var name = NameOf(item, mountPath);
        item.Complete(UnknownKeys.Warn);
        return mountPath is null || size is null || name is null ? null : new(name, size.Value, mountPath, subPath);
    }

    private static string? NameOf(MappingReader item, string? mountPath)
    {
        const string key = "name";
        if (item.Text(key) is not { } written)
        {
            if (mountPath is null || item.Take(key) is not null)
                return null;
            var derived = Derived(mountPath);
            item.Json[key] = derived;
            item.Context.Note("manifest.volume_name", $"The volume is called \"{derived}\" after its path.", item.Node.Mark, item.PathOf(key));
            return derived;
        }
        var name = written.ToLowerInvariant();
        if (!Formats.IsDnsLabel(name))
        {
            item.Error("manifest.value", $"\"{Shown.Text(written)}\" is no volume name: use a {Formats.LabelRule}.", key);
            return null;
        }
        if (name != written)
            item.Context.Note("manifest.case", $"\"{written}\" is read as \"{name}\".", item.MarkOf(key), item.PathOf(key));
        item.Json[key] = name;
        return name;
    }

    private static string Derived(string mountPath)
    {
        var letters = new string([.. mountPath.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Trim('-');
        while (letters.Contains("--", StringComparison.Ordinal))
            letters = letters.Replace("--", "-", StringComparison.Ordinal);
        return letters.Length == 0 ? "data" : letters.Length > 40 ? letters[^40..].Trim('-') : letters;
    }
}
