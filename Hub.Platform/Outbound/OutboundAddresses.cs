using System.Net;
using System.Net.Sockets;

namespace CodeZero.Hub.Platform.Outbound;

/// <summary>Which network addresses the Hub connects to when somebody else says where (IANA special-purpose registries, RFC 6890).</summary>
internal static class OutboundAddresses
{
    /// <summary>Nothing that is meant to be reached by others, on any Hub: this network, link-local with the metadata services of clouds, multicast, reserved.</summary>
    private static readonly IPNetwork[] Never =
    [
        .. Parse("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        .. Parse("::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128"),
    ];

    private static readonly IPNetwork[] NotPublic =
    [
        .. Parse("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        .. Parse("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    ];

    /// <summary>What is global in IPv6 is within this; what translates to IPv4 (64:ff9b::/96 and others) is not.</summary>
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");

    public static bool IsAllowed(IPAddress address, bool allowPrivateNetworks)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (Never.Any(network => network.Contains(plain)))
            return false;
        return allowPrivateNetworks || ((plain.AddressFamily == AddressFamily.InterNetwork || Global.Contains(plain)) && !NotPublic.Any(network => network.Contains(plain)));
    }

    private static IEnumerable<IPNetwork> Parse(params string[] networks) => networks.Select(network => IPNetwork.Parse(network));
}
