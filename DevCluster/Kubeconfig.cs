using System.Text;

namespace CodeZero.DevCluster;

/// <summary>The kubeconfig of the cluster's administrator.</summary>
internal static class Kubeconfig
{
    public static string Text(Uri server, string caPem, string token) => $"""
        apiVersion: v1
        kind: Config
        current-context: devcluster
        clusters:
        - name: devcluster
          cluster:
            server: {server.ToString().TrimEnd('/')}
            certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(caPem))}
        users:
        - name: kubernetes-admin
          user:
            token: {token}
        contexts:
        - name: devcluster
          context:
            cluster: devcluster
            user: kubernetes-admin

        """;

    /// <summary>Writes the file in one step, readable by its owner only.</summary>
    public static async Task WriteAsync(string path, string text, CancellationToken ct)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = $"{full}.new";
        File.Delete(temporary);
        await PrivateFile.WriteAsync(temporary, text, ct);
        File.Move(temporary, full, overwrite: true);
    }
}

/// <summary>Files with secrets: created with mode 0600, never wider for a moment.</summary>
internal static class PrivateFile
{
    public static async Task WriteAsync(string path, string text, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var file = new FileStream(path, options);
        await file.WriteAsync(Encoding.UTF8.GetBytes(text), ct);
        file.Flush(flushToDisk: true);
    }
}
