using System.Xml.Linq;

namespace CodeZero.Architecture.Tests;

/// <summary>The project files, as they are in the repository.</summary>
internal static class Repository
{
    /// <summary>The folder with <c>CodeZero.sln</c>.</summary>
    internal static string Root { get; } = Find();

    internal static IReadOnlyList<Project> Projects { get; } =
    [
        .. Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules" || part.StartsWith('.')))
            .Select(Project.Read),
    ];

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "CodeZero.sln")))
                return folder.FullName;
        throw new InvalidOperationException("These tests read the project files; run them inside the repository.");
    }
}

/// <param name="Folder">Relative to the repository: <c>Hub.Api</c>, <c>tests/Testing</c>.</param>
internal sealed record Project(string Folder, IReadOnlyList<string> References, IReadOnlyList<string> Friends)
{
    internal string Name => Path.GetFileName(Folder);
    internal bool IsTests => Folder.StartsWith("tests/", StringComparison.Ordinal);

    internal static Project Read(string file)
    {
        var xml = XDocument.Load(file);
        IReadOnlyList<string> All(string element) => [.. xml.Descendants(element).Select(item => item.Attribute("Include")!.Value.Replace('\\', '/'))];
        return new(Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(file)!).Replace('\\', '/'),
            [.. All("ProjectReference").Select(Path.GetFileNameWithoutExtension)!], All("InternalsVisibleTo"));
    }
}
