using System.Security.Cryptography;

namespace CodeZero.Testing;

/// <summary>Keys that protect nothing but tests.</summary>
public static class TestKeys
{
    private static readonly Lazy<string> File = new(() => Write("tests.master-key"));

    /// <summary>A master key of the key ring, the same for every Hub of the tests.</summary>
    public static string MasterKeyFile => File.Value;

    /// <summary>Another one.</summary>
    public static string OtherMasterKeyFile => Write("other.master-key");

    private static string Write(string name)
    {
        var file = Path.Combine(AppContext.BaseDirectory, name);
        if (System.IO.File.Exists(file))
            return file;
        // At once or not at all: another test process may be reading it.
        var whole = $"{file}.{Guid.CreateVersion7()}";
        System.IO.File.WriteAllText(whole, Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name))));
        System.IO.File.Move(whole, file, overwrite: true);
        return file;
    }
}
