using System.Diagnostics;
using System.Text;

namespace CodeZero.AppManifest.Tests;

/// <summary>Random damage to a good manifest, the same on every run. Whatever comes out must be a result, soon, and a result that says what it means.</summary>
public class FuzzTests
{
    private const string Sample = """
        appId: sample
        name: Sample
        package: '@provisioner/appengine'
        summary: &s
          Folded text, with
          two lines.
        description: *s
        keywords: [one, "two", 'three']
        editions:
          - name: stable
            status: public
            spec:
              routes:
                - {type: http, targetService: sample}
                - type: tcp
                  targetService: sample
                  tcp: {name: raw, port: 9000}
              provisioner:
                image: ghcr.io/acme/sample
                tag: 1.10
                ports:
                  - {port: 8080, name: http}
                  - {port: 9000, name: raw, protocol: TCP}
                configs: {URL: $PUBLIC_URL, MODE: 0022, ON: yes}
                secrets: {KEY: {generate: {length: 32, symbols: "!?", strict: true}}}
                volumes:
                  - {name: data, size: 5Gi, mountPath: /data}
                probes: {startupProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 10}}
                flow:
                  - name: main
                    prompts:
                      - {type: list, name: TZ, default: 1, c6o: {dataSource: timezone}}
                      - {type: input, name: MAIL, validate: "return /^[^@]+@[^@]+$/.test(value) || 'No address'"}
              marina: {launch: {type: inline, popUp: true}}
        """;

    private static readonly string[] s_tokens =
        ["\n", " ", "  ", "\t", ": ", "- ", "[", "]", "{", "}", "'", "\"", "|", ">", "&s ", "*s", "!t ", "!!str ", "#", "---\n", "...\n", "%", "@", "~", "null", "true", "yes", "-1", "1e999",
         ".nan", "0x", "\\", "\\u0000", "\u2028", "\uFEFF", "\r", "\0", "<<: *s", "? ", ",", "$unset", "ignore", "..", "/", "99999999999999999999", "é", "😀"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Damaged_manifests_never_throw_and_never_hang(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 1_500; round++)
        {
            var bytes = Damaged(random);
            var clock = Stopwatch.StartNew();
            var result = ManifestParser.Parse(ManifestFiles.InMemory("c6o.yaml", bytes), new() { Strict = round % 2 == 0, Importer = round % 3 == 0, PlatformPublisher = round % 5 == 0 });
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"seed {seed}, round {round} took {clock.Elapsed}");
            Assert.True(result.Applications.Count > 0 || result.HasErrors, $"seed {seed}, round {round}: nothing, and no reason");
            foreach (var application in result.Applications)
            {
                Assert.True(CanonicalJson.IsCanonical(application.Canonical));
                var again = Application.FromCanonical(application.Canonical);
                Assert.Equal(string.Join('\n', application.Editions.Select(e => e.Spec.GetRawText())), string.Join('\n', again.Editions.Select(e => e.Spec.GetRawText())));
            }
        }
    }

    private static byte[] Damaged(Random random)
    {
        var text = new StringBuilder(Sample);
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var at = random.Next(text.Length);
            switch (random.Next(5))
            {
                case 0:
                    text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at));
                    break;
                case 1:
                    text.Insert(at, s_tokens[random.Next(s_tokens.Length)]);
                    break;
                case 2:
                    text[at] = (char)random.Next(1, 0x250);
                    break;
                case 3:
                    text.Insert(random.Next(text.Length), text.ToString(at, Math.Min(random.Next(1, 80), text.Length - at)));
                    break;
                default:
                    var token = s_tokens[random.Next(s_tokens.Length)];
                    text.Remove(at, Math.Min(token.Length, text.Length - at)).Insert(at, token);
                    break;
            }
        }
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (random.Next(10) == 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }
}
