using System.Text.Json;

namespace CodeZero.Hub.Client;

/// <summary>Something found in a manifest.</summary>
/// <param name="Severity"><c>error</c>, <c>warning</c> or <c>note</c>.</param>
/// <param name="Code">Stable: <c>manifest.unknown_key</c>.</param>
/// <param name="Line">From 1; 0 when no place is known.</param>
/// <param name="Column">From 1; 0 when no place is known.</param>
/// <param name="Path">The place in the document: <c>editions[0].spec.routes</c>.</param>
public sealed record ManifestDiagnostic(string Severity, string Code, string Message, string? File, int Line, int Column, string? Path);

/// <summary>An application.</summary>
/// <param name="Visibility"><c>private</c> or <c>public</c>.</param>
/// <param name="Icon">Address of its icon, relative to the Hub's.</param>
/// <param name="Latest">The newest release; the newest pre-release while there is no release.</param>
public sealed record Application(string Publisher, string App, string Name, string? Summary, string? Icon, string Visibility, VersionName Latest);

/// <summary>A version in a list.</summary>
/// <param name="Digest"><c>sha256:…</c> of the canonical manifest.</param>
public sealed record VersionName(string Version, string Digest, DateTimeOffset PublishedAt);

/// <summary>A version with its manifest: canonical JSON (RFC 8785), whose SHA-256 is <see cref="Digest"/>.</summary>
public sealed record ApplicationVersion(string Publisher, string App, string Version, string Digest, DateTimeOffset PublishedAt, JsonElement Manifest);

/// <summary>What publishing gave.</summary>
/// <param name="Warnings">What the parser found and accepted.</param>
/// <param name="Applications">The <c>appId</c> of every application in the manifest file; each is published under its own name.</param>
public sealed record Publication(
    string Publisher, string App, string Version, string Digest, DateTimeOffset PublishedAt, string Visibility,
    IReadOnlyList<ManifestDiagnostic> Warnings, IReadOnlyList<string> Applications);

/// <summary>A file to publish.</summary>
/// <param name="Path">Relative to the manifest's directory, with forward slashes; the manifest's own name for the manifest.</param>
public sealed record ManifestFile(string Path, ReadOnlyMemory<byte> Content);

internal sealed record VisibilityChange(string Visibility);
