using CodeZero.AppManifest;
using CodeZero.Cli.CommandLine;
using Application = CodeZero.AppManifest.Application;

namespace CodeZero.Cli.Commands;

/// <summary>How people name an edition, and what is in it.</summary>
internal static class EditionReference
{
    /// <param name="name">Null for the only one, or <c>latest</c>.</param>
    /// <exception cref="CommandError">There is none of this name, or a name is needed.</exception>
    public static Edition Choose(Application application, string? name)
    {
        const string usual = "latest";
        var editions = application.Editions;
        return (name is not null ? application.Edition(name) : editions.Count == 1 ? editions[0] : application.Edition(usual))
            ?? throw CommandError.Refused("install.edition_unknown", name is null ? $"{application.AppId} has several editions." : $"{application.AppId} has no edition {name}.",
                $"Choose one with --edition: {string.Join(", ", editions.Select(edition => edition.Name))}.");
    }

    /// <exception cref="CommandError">This czctl does not understand the edition.</exception>
    public static EditionSpec SpecOf(Edition edition, string app) => EditionSpec.Read(edition.Spec, app) is { HasErrors: false, Value: { } spec }
        ? spec
        : throw CommandError.Refused("manifest.unreadable", $"The edition {edition.Name} cannot be read.", "Is this czctl as new as the Hub?");
}
