using System.Security.Cryptography;
using System.Xml.Linq;
using CodeZero.Hub.Platform.Hosting;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Platform.Security;

/// <summary>The section <c>Hub:DataProtection</c>.</summary>
public sealed class KeyRingOptions
{
    public const string Section = "Hub:DataProtection";

    /// <summary>
    /// File with the master key, 32 random bytes in base64 (<c>openssl rand -base64 32</c>), the same for all replicas and not in the database's backups. Required outside
    /// Development. Losing it loses what it protects: sessions, signing keys, kept answers.
    /// </summary>
    public string? MasterKeyFile { get; set; }
}

/// <summary>The data protection key ring: in PostgreSQL for all replicas, encrypted under a master key that the database never sees.</summary>
internal static class KeyRing
{
    internal static void AddKeyRing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidatedOptions<KeyRingOptions>(configuration, KeyRingOptions.Section).Validate<IHostEnvironment>(
            (options, environment) => !string.IsNullOrEmpty(options.MasterKeyFile) || environment.IsDevelopment(),
            "Hub:DataProtection:MasterKeyFile is missing. Make one with 'openssl rand -base64 32 > FILE', readable by the Hub alone, and name it there.");
        services.AddSingleton<MasterKey>();
        services.AddDataProtection().SetApplicationName("codezero-hub");
        services.AddOptions<KeyManagementOptions>().Configure<NpgsqlDataSource, MasterKey>((keys, database, masterKey) =>
        {
            keys.XmlRepository = new KeyRingRepository(database);
            keys.XmlEncryptor = masterKey.IsThere ? new MasterKeyEncryptor(masterKey) : new NullXmlEncryptor();
        });
    }
}

/// <summary>The master key, read once; absent only in Development.</summary>
internal sealed partial class MasterKey
{
    internal const int Bytes = 32;
    private readonly byte[]? _key;

    public MasterKey(IOptions<KeyRingOptions> options, ILogger<MasterKey> log)
    {
        if (options.Value.MasterKeyFile is { Length: > 0 } file)
            _key = Read(file);
        else
            KeptInClear(log);
    }

    internal bool IsThere => _key is not null;

    internal byte[] Value => _key ?? throw new InvalidOperationException("The key ring is encrypted, and Hub:DataProtection:MasterKeyFile names no key to open it.");

    /// <exception cref="OptionsValidationException">The file cannot be read, or holds no such key.</exception>
    private static byte[] Read(string file)
    {
        try
        {
            var key = Convert.FromBase64String(File.ReadAllText(file).Trim());
            return key.Length == Bytes ? key : throw Wrong($"has {key.Length} bytes, not {Bytes}");
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw Wrong(e is FormatException ? "is not base64" : "cannot be read");
        }

        OptionsValidationException Wrong(string why) => new(KeyRingOptions.Section, typeof(KeyRingOptions),
            [$"Hub:DataProtection:MasterKeyFile '{file}' {why}. Make one with 'openssl rand -base64 32 > FILE'; but if the Hub has run before, find the old one: what it protects cannot be read without it."]);
    }

    [LoggerMessage(9201, LogLevel.Warning, "Hub:DataProtection:MasterKeyFile is not set: the key ring is kept in clear. Good enough for development only")]
    private static partial void KeptInClear(ILogger log);
}

/// <summary>AES-256-GCM under the master key.</summary>
internal sealed class MasterKeyEncryptor(MasterKey masterKey) : IXmlEncryptor
{
    internal const int NonceBytes = 12;
    internal const int TagBytes = 16;

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var text = System.Text.Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var sealedBytes = new byte[NonceBytes + TagBytes + text.Length];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(masterKey.Value, TagBytes);
        aes.Encrypt(nonce, text, sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes));
        return new(new XElement("masterKeyEncrypted", Convert.ToBase64String(sealedBytes)), typeof(MasterKeyDecryptor));
    }
}

/// <summary>Opens what <see cref="MasterKeyEncryptor"/> sealed. The key ring names this type and makes it from the services.</summary>
internal sealed class MasterKeyDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        var sealedBytes = Convert.FromBase64String(encryptedElement.Value).AsSpan();
        var text = new byte[sealedBytes.Length - MasterKeyEncryptor.NonceBytes - MasterKeyEncryptor.TagBytes];
        using var aes = new AesGcm(services.GetRequiredService<MasterKey>().Value, MasterKeyEncryptor.TagBytes);
        try
        {
            aes.Decrypt(sealedBytes[..MasterKeyEncryptor.NonceBytes], sealedBytes[(MasterKeyEncryptor.NonceBytes + MasterKeyEncryptor.TagBytes)..],
                sealedBytes.Slice(MasterKeyEncryptor.NonceBytes, MasterKeyEncryptor.TagBytes), text);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new OptionsValidationException(KeyRingOptions.Section, typeof(KeyRingOptions),
                ["Hub:DataProtection:MasterKeyFile holds another key than this database's key ring was sealed with. Name the file that the Hub ran with before: what it protects, signing keys among it, cannot be read without it."]);
        }
        return XElement.Parse(System.Text.Encoding.UTF8.GetString(text));
    }
}

/// <summary>Keeps the key ring in <c>platform.key_ring</c>. The framework's interface is synchronous; it is called at the first use and once a day.</summary>
internal sealed class KeyRingRepository(NpgsqlDataSource database) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var select = database.CreateCommand("select xml from platform.key_ring order by id");
        using var reader = select.ExecuteReader();
        var elements = new List<XElement>();
        while (reader.Read())
            elements.Add(XElement.Parse(reader.GetString(0)));
        return elements;
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var insert = database.CreateCommand("insert into platform.key_ring (friendly_name, xml) values ($1, $2)");
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = friendlyName });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = element.ToString(SaveOptions.DisableFormatting) });
        insert.ExecuteNonQuery();
    }
}
