using System.Text;

namespace CodeZero.Cli.Session;

/// <summary>Files only their owner may read. Written whole or not at all: a crash leaves the old content.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void Write(string path, string content)
    {
        CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = $"{path}.{Guid.CreateVersion7():N}.tmp";
        try
        {
            Create(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes a file that must not be there yet.</summary>
    /// <exception cref="IOException">It is there, or its directory is not.</exception>
    public static void Create(string path, string content)
    {
        using var stream = new FileStream(path, Options(FileMode.CreateNew));
        stream.Write(Encoding.UTF8.GetBytes(content));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>The content, or null when there is no such file.</summary>
    public static string? Read(string path) => File.Exists(path) ? File.ReadAllText(path) : null;

    /// <summary>Waits until nobody else holds the lock, and holds it until disposed. The operating system frees it when the process ends, however it ends.</summary>
    /// <exception cref="IOException">Another process holds it for longer than <paramref name="patience"/>.</exception>
    public static async Task<IDisposable> LockAsync(string path, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        CreateDirectory(Path.GetDirectoryName(path)!);
        for (var started = time.GetTimestamp(); ;)
        {
            try
            {
                return new FileStream(path, Options(FileMode.OpenOrCreate));
            }
            catch (IOException) when (time.GetElapsedTime(started) < patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25), time, ct);
            }
            catch (IOException e)
            {
                throw new IOException($"Another czctl holds {path} for longer than {patience.TotalSeconds:0} s. End it, then repeat the command.", e);
            }
        }
    }

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return options;
    }

    private static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }
}
