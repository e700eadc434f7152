using CodeZero.DevCluster.Auth;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Api;

/// <summary>What a request is about: a resource in one version, and perhaps one object of it.</summary>
internal sealed record Target(ResourceType Type, ResourceVersion Version, string Namespace, string Name, string? Subresource = null)
{
    public ObjectKey Key => new(Type.StorageName, Namespace, Name);

    public string ApiVersion => Type.ApiVersion(Version.Name);

    public StatusException NotFound() => StatusException.NotFound(Type.Group, Type.Plural, Name);

    public StatusException Modified() => StatusException.Modified(Type.Group, Type.Plural, Name);

    public StatusException Forbidden(string why) => StatusException.Forbidden(Type.Group, Type.Plural, Name, why);
}

/// <summary>What to do about fields the schema does not know (query parameter <c>fieldValidation</c>).</summary>
internal enum FieldValidation { Ignore, Warn, Strict }

/// <summary>Who writes and how.</summary>
/// <param name="Manager">Field manager that will own what is written.</param>
/// <param name="Warn">Receives what is to be told to the client without failing.</param>
internal sealed record WriteContext(User User, string Manager, bool DryRun, FieldValidation Validation, Action<string> Warn)
{
    /// <summary>A controller of this process: trusted and silent.</summary>
    public static WriteContext System(string manager) => new(User.System, manager, false, FieldValidation.Ignore, static _ => { });
}

/// <summary>How to delete.</summary>
internal sealed record DeleteOptions(long? GracePeriodSeconds = null, Propagation? Propagation = null, string? Uid = null, string? ResourceVersion = null);

internal enum Propagation { Background, Foreground, Orphan }
