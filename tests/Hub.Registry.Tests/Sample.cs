using System.Net.Http.Headers;
using System.Text;

namespace CodeZero.Hub.Registry.Tests;

/// <summary>Manifests and ways to send them.</summary>
internal static class Sample
{
    public const string Svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><path d=\"M0 0h1v1z\"/></svg>";

    public static string Manifest(string app = "wiki-app", string name = "Wiki", string tag = "1.0", string? icon = null, string status = "public") => $$"""
        appId: {{app}}
        name: {{name}}
        package: '@provisioner/appengine'
        summary: Pages for a team.
        {{(icon is null ? "" : $"icon: {icon}")}}
        editions:
          - name: stable
            status: {{status}}
            spec:
              routes:
                - type: http
                  targetService: {{app}}
              provisioner:
                package: '@provisioner/appengine'
                image: example/wiki
                tag: {{tag}}
                ports: 8080
        """;

    public static ByteArrayContent Yaml(string manifest) => Part(Encoding.UTF8.GetBytes(manifest), "application/yaml");

    public static MultipartFormDataContent Form(string manifest, params (string Path, byte[] Content)[] files)
    {
        var form = new MultipartFormDataContent { { Yaml(manifest), "manifest", "c6o.yaml" } };
        foreach (var (path, content) in files)
            form.Add(Part(content, "application/octet-stream"), "file", path);
        return form;
    }

    public static MultipartFormDataContent Form(string manifest, params (string Path, string Content)[] files) =>
        Form(manifest, [.. files.Select(file => (file.Path, Encoding.UTF8.GetBytes(file.Content)))]);

    public static ByteArrayContent Part(byte[] content, string mediaType)
    {
        var part = new ByteArrayContent(content);
        part.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return part;
    }
}
