using System.Security.Cryptography;

namespace CodeZero.AppManifest;

/// <summary>Makes passwords from a cryptographic random number generator, every allowed password equally likely.</summary>
public static class PasswordGenerator
{
    /// <exception cref="ArgumentException">The options leave no character, have a length out of range, or are strict and too short for their kinds of character.</exception>
    public static string Generate(GenerateOptions options)
    {
        var pools = options.Pools;
        if (pools.Count == 0 || options.Length is < GenerateOptions.ShortestLength or > GenerateOptions.LongestLength || (options.Strict && options.Length < pools.Count))
            throw new ArgumentException("These options allow no password.", nameof(options));
        var all = string.Concat(pools).Distinct().ToArray();
        // Drawing again, rather than planting one of each kind, keeps strict passwords equally likely too.
        string password;
        do
            password = RandomNumberGenerator.GetString(all, options.Length);
        while (options.Strict && !pools.All(pool => password.AsSpan().ContainsAny(pool)));
        return password;
    }
}
