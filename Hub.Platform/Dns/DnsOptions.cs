using System.ComponentModel.DataAnnotations;
using System.Net;

namespace CodeZero.Hub.Platform.Dns;

/// <summary>The section <c>Hub:Dns</c>.</summary>
public sealed class DnsOptions : IValidatableObject
{
    public const string Section = "Hub:Dns";

    internal const int Port = 53;

    /// <summary>Recursive DNS servers as <c>address</c> or <c>address:port</c>, asked in this order. Default: those this machine uses.</summary>
    public IList<string> Servers { get; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from server in Servers
        where Parse(server) is null
        select new ValidationResult($"Hub:Dns:Servers has '{server}'. Write an IP address, with a port when it is not 53: 192.0.2.53, 192.0.2.53:5353, [2001:db8::53]:53.");

    internal static IPEndPoint? Parse(string server) =>
        IPAddress.TryParse(server, out var address) ? new(address, Port) : IPEndPoint.TryParse(server, out var endPoint) && endPoint.Port > 0 ? endPoint : null;
}
