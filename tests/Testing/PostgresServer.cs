using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CodeZero.Testing;

/// <summary>
/// A private PostgreSQL in a directory of its own, without fsync: as root it runs as the user <c>postgres</c>, otherwise as oneself.
/// Ends with <see cref="DisposeAsync"/>, with this process, or, should that be killed, when the next test process finds it orphaned.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string DirectoryPrefix = "codezero-postgres-";
    private const string OwnerFile = "owner.pid";
    private readonly string _directory;
    private readonly EventHandler _onExit;

    private PostgresServer(string directory, int port)
    {
        (_directory, Port) = (directory, port);
        _onExit = (_, _) => Remove(directory).Dispose();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
    }

    public int Port { get; }

    /// <summary>Connection string of the superuser, to the database <c>postgres</c>. Without a pool, which a restart of the server would spoil.</summary>
    public string Superuser => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Database=postgres;Username=postgres;Include Error Detail=true;Pooling=false");

    /// <summary>Creates and starts a server on a free port.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or does not start; the message has its last words.</exception>
    public static async Task<PostgresServer> StartNewAsync()
    {
        RemoveOrphans();
        var directory = Directory.CreateTempSubdirectory(DirectoryPrefix).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, OwnerFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        if (IsRoot)
            await RunAsync("chown", ["-R", "postgres", directory]);
        await RunAsPostgresAsync(directory, "initdb", ["-D", Path.Combine(directory, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"]);
        var server = new PostgresServer(directory, FreePort());
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts the server again, on the same port with the same data.</summary>
    public Task StartAsync() => RunAsPostgresAsync(_directory, "pg_ctl", ["-D", Path.Combine(_directory, "data"), "-w", "-s", "-l", Path.Combine(_directory, "log"), "-o",
        string.Create(CultureInfo.InvariantCulture, $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400"),
        "start"]);

    /// <summary>Stops the server at once, as a crash of its machine would.</summary>
    public Task StopAsync() => RunAsPostgresAsync(_directory, "pg_ctl", ["-D", Path.Combine(_directory, "data"), "-w", "-s", "-m", "immediate", "stop"]);

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        using var removal = Remove(_directory);
        await removal.WaitForExitAsync();
    }

    private static bool IsRoot => Environment.UserName == "root";

    private static void RemoveOrphans()
    {
        foreach (var directory in Directory.GetDirectories(Path.GetTempPath(), DirectoryPrefix + "*"))
            if (int.TryParse(ReadIfThere(Path.Combine(directory, OwnerFile)), CultureInfo.InvariantCulture, out var owner) && !Directory.Exists($"/proc/{owner}"))
                Remove(directory).Dispose();
    }

    private static string? ReadIfThere(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // being made, being removed, or somebody else's
        }
    }

    /// <summary>By a shell of its own, which goes on when the test runner ends this process in the middle.</summary>
    private static Process Remove(string directory) => Process.Start(Command(directory, "sh",
        ["-c", "\"$1\" -D \"$0/data\" -s -m immediate -w stop; rm -rf \"$0\"", directory, Path.Combine(BinDirectory(), "pg_ctl")]))!;

    private static Task RunAsPostgresAsync(string directory, string program, IEnumerable<string> arguments) => RunAsync(Command(directory, Path.Combine(BinDirectory(), program), arguments));

    private static Task RunAsync(string program, IEnumerable<string> arguments) => RunAsync(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });

    private static async Task RunAsync(ProcessStartInfo command)
    {
        using var process = Process.Start(command)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command.FileName} {string.Join(' ', command.ArgumentList)} ended with {process.ExitCode}: {error}");
    }

    private static ProcessStartInfo Command(string directory, string program, IEnumerable<string> arguments)
    {
        string[] command = IsRoot ? ["runuser", "-u", "postgres", "--", program, .. arguments] : [program, .. arguments];
        return new(command[0], command[1..]) { RedirectStandardError = true, WorkingDirectory = "/" };
    }

    private static string BinDirectory() =>
        Directory.Exists("/usr/lib/postgresql")
        && Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(version => int.TryParse(Path.GetFileName(version), CultureInfo.InvariantCulture, out var number) ? number : 0).FirstOrDefault() is { } newest
            ? Path.Combine(newest, "bin")
            : throw new InvalidOperationException("PostgreSQL is not installed. Run infra/test, which installs it, or 'apt-get install postgresql', or name a server in CODEZERO_TEST_POSTGRES.");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
