using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Platform.Hosting;

/// <summary>The section <c>Hub</c>: where the Hub is, and what this process serves.</summary>
public sealed class HubOptions : IValidatableObject
{
    public const string Section = "Hub";

    /// <summary>
    /// The address people and clusters reach the Hub at, such as <c>https://hub.example.com</c>: no path, query or user. Required. Links, the allowed host
    /// names and the addresses that DPoP proofs are bound to come from it, never from a request's Host header.
    /// </summary>
    [Required(ErrorMessage = "Hub:PublicUrl is missing. Set it to the address people reach the Hub at, such as https://hub.example.com.")]
    public Uri? PublicUrl { get; set; }

    /// <summary>The modules whose routes this process serves, by name. Default: all. Every process knows every module's services; they share the database.</summary>
    public IList<string> Modules { get; } = [];

    /// <summary>
    /// Networks (CIDR) of the reverse proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed. Default: none, and the headers are ignored.
    /// </summary>
    public IList<string> TrustedProxies { get; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is { } url && !(url.IsAbsoluteUri && url.Scheme is "https" or "http" && url.PathAndQuery == "/" && url.Fragment.Length == 0 && url.UserInfo.Length == 0))
            yield return new($"Hub:PublicUrl is '{url}'. It must be http(s)://host[:port] without path, query, fragment or user.");
        else if (PublicUrl is { Scheme: "http", IsLoopback: false })
            yield return new($"Hub:PublicUrl is '{PublicUrl}'. Outside this machine it must be https.");
        foreach (var network in TrustedProxies.Where(network => !System.Net.IPNetwork.TryParse(network, out _)))
            yield return new($"Hub:TrustedProxies has '{network}', which is no network. Write it as 10.0.0.0/8.");
    }
}

/// <summary>The section <c>Hub:Database</c>: PostgreSQL 15 or newer.</summary>
public sealed class DatabaseOptions
{
    public const string Section = "Hub:Database";

    /// <summary>Connection string of the role the server runs as: owns nothing, no superuser, no BYPASSRLS. Required.</summary>
    [Required(ErrorMessage = "Hub:Database:Application is missing. Set it to the connection string of the application role, such as Host=db;Database=hub;Username=hub_app;Password=….")]
    public string? Application { get; set; }

    /// <summary>Connection string of the role that owns the schemas. Only <c>migrate</c> reads it; the server does not need it and should not have it.</summary>
    public string? Owner { get; set; }

    /// <summary>The application role's name, which migrations grant the use of each schema.</summary>
    internal string ApplicationRole => new NpgsqlConnectionStringBuilder(Application).Username is { Length: > 0 } role
        ? role
        : throw new OptionsValidationException(Section, typeof(DatabaseOptions), ["Hub:Database:Application names no Username. Add the application role's name."]);
}
