using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>
/// Credentials from a program named in the kubeconfig (client.authentication.k8s.io/v1 ExecCredential). It runs when there is nothing valid left,
/// without a terminal, for at most a minute.
/// </summary>
internal sealed class ExecCredentials(
    string command, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string apiVersion, TimeProvider clock) : ClusterCredentials, IDisposable
{
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _one = new(1, 1);
    private Issued? _issued;

    private sealed record Issued(string? Token, X509Certificate2? Certificate, DateTimeOffset ExpiresAt);

    public override X509Certificate2? Certificate => _issued?.Certificate;

    public override async ValueTask<string?> GetTokenAsync(bool renew, CancellationToken ct)
    {
        var before = _issued;
        if (!renew && IsValid(before))
            return before!.Token;
        await _one.WaitAsync(ct);
        try
        {
            // Somebody else may have renewed it while this request waited.
            if (_issued == before || !IsValid(_issued))
                _issued = Read(await RunAsync(ct));
            return _issued!.Token;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private bool IsValid(Issued? issued) => issued is not null && issued.ExpiresAt - Margin > clock.GetUtcNow();

    private Issued Read(string output)
    {
        JsonNode? status;
        try
        {
            status = JsonNode.Parse(output).At("status");
        }
        catch (JsonException)
        {
            status = null;
        }
        var token = status.Text("token");
        var certificate = status.Text("clientCertificateData") is { } pem && status.Text("clientKeyData") is { } key
            ? X509Certificate2.CreateFromPem(pem, key)
            : null;
        if (token is null && certificate is null)
            throw new InvalidDataException($"The credential program \"{command}\" printed neither a token nor a certificate. Run it by hand to see what it says.");
        var expires = DateTimeOffset.TryParse(status.Text("expirationTimestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at
            : DateTimeOffset.MaxValue;
        return new(token, certificate, expires);
    }

    private async Task<string> RunAsync(CancellationToken ct)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        start.Environment["KUBERNETES_EXEC_INFO"] = new JsonObject
        {
            ["apiVersion"] = apiVersion,
            ["kind"] = "ExecCredential",
            ["spec"] = new JsonObject { ["interactive"] = false },
        }.ToJsonString();

        using var timeout = new CancellationTokenSource(RunTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            using var process = Process.Start(start) ?? throw new InvalidOperationException($"The credential program \"{command}\" did not start.");
            try
            {
                process.StandardInput.Close();
                var errors = process.StandardError.ReadToEndAsync(either.Token);
                var output = await process.StandardOutput.ReadToEndAsync(either.Token);
                await process.WaitForExitAsync(either.Token);
                return process.ExitCode == 0
                    ? output
                    : throw new InvalidOperationException($"The credential program \"{command}\" ended with {process.ExitCode}: {(await errors).Trim()}");
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
            }
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"The credential program \"{command}\" of the kubeconfig cannot be run: {e.Message}", e);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The credential program \"{command}\" did not end within {RunTimeout.TotalSeconds:0} s.");
        }
    }
}
