using System.Diagnostics.CodeAnalysis;

namespace CodeZero.Cli.Session;

/// <summary>Addresses of Hubs as people write them, and as their files are named.</summary>
internal static class HubAddresses
{
    /// <summary>Reads <c>https://host[:port]</c>; http is for this machine only.</summary>
    public static bool TryParse(string written, [NotNullWhen(true)] out Uri? address, [NotNullWhen(false)] out string? problem)
    {
        address = null;
        problem = null;
        if (!Uri.TryCreate(written, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
            problem = $"\"{written}\" is no Hub address. It is written https://hub.example.com.";
        else if (url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback)
            problem = $"{written} would send your access over the network in clear text. Use https; http works only for a Hub on this machine.";
        else
            address = new Uri(url.AbsoluteUri.TrimEnd('/') + "/");
        return address is not null;
    }

    /// <summary>A file name for the Hub: <c>hub.example.com</c>, <c>127.0.0.1_8080</c>.</summary>
    public static string FileName(Uri address) => string.Concat(
        $"{address.IdnHost}{(address.IsDefaultPort ? "" : $"_{address.Port}")}{address.AbsolutePath.TrimEnd('/')}".Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_'));
}
