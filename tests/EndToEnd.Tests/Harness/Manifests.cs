namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>Manifests that tests publish.</summary>
internal static class Manifests
{
    /// <summary>An application of one container.</summary>
    /// <param name="more">Further lines of <c>spec.provisioner</c>, not indented.</param>
    public static string Of(string app, string image = "nginx:1.27", string more = "")
    {
        var lines = string.Concat(more.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"        {line}\n"));
        return $"""
            name: {app}
            appId: {app}
            package: '@provisioner/appengine'
            editions:
              - name: stable
                status: public
                spec:
                  provisioner:
                    package: '@provisioner/appengine'
                    image: {image}
                    ports: 8080

            """ + lines;
    }
}
