using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Api.Tables;
using CodeZero.DevCluster.Resources.Kinds;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.ServerSideApply;

namespace CodeZero.DevCluster.Tests;

/// <summary>The pure parts on their own.</summary>
public sealed class UnitTests
{
    [Theory]
    [InlineData("0.5", "500m")]
    [InlineData("1000m", "1")]
    [InlineData("1500m", "1500m")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1536Mi", "1536Mi")]
    [InlineData("1000", "1k")]
    [InlineData("1e3", "1e3")]
    [InlineData("0", "0")]
    [InlineData("-1", "-1")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("100M", "100M")]
    public void A_quantity_has_one_written_form(string text, string canonical)
    {
        Assert.True(Quantity.TryParse(text, out var quantity));
        Assert.Equal(canonical, quantity.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1Q")]
    [InlineData("1 Gi")]
    [InlineData("Gi")]
    public void Other_text_is_no_quantity(string text) => Assert.False(Quantity.TryParse(text, out _));

    [Theory]
    [InlineData("*/15 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z")]
    [InlineData("0 9 * * MON-FRI", "2026-01-02T10:00:00Z", "2026-01-05T09:00:00Z")]
    [InlineData("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("@daily", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z")]
    [InlineData("0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")]
    public void A_schedule_knows_its_next_time(string text, string after, string next)
    {
        Assert.True(CronSchedule.TryParse(text, out var schedule, out _));
        Assert.Equal(DateTimeOffset.Parse(next, System.Globalization.CultureInfo.InvariantCulture), schedule!.Next(DateTimeOffset.Parse(after, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("* * * *")]
    [InlineData("60 * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("a * * * *")]
    [InlineData("")]
    public void Other_text_is_no_schedule(string text) => Assert.False(CronSchedule.TryParse(text, out _, out _));

    [Fact]
    public void A_schedule_that_never_comes_has_no_next_time()
    {
        Assert.True(CronSchedule.TryParse("0 0 31 2 *", out var schedule, out _));
        Assert.Null(schedule!.Next(DateTimeOffset.UnixEpoch));
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(125, "2m5s")]
    [InlineData(3600, "60m")]
    [InlineData(3 * 3600 + 60, "3h1m")]
    [InlineData(10 * 3600, "10h")]
    [InlineData(3 * 86400 + 3600, "3d1h")]
    [InlineData(10 * 86400, "10d")]
    [InlineData(3 * 365 * 86400, "3y")]
    public void Ages_are_short(int seconds, string text) => Assert.Equal(text, HumanDuration.Format(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(".spec.name", "one")]
    [InlineData("{.spec.list[1].n}", "2")]
    [InlineData(".spec.list[-1].n", "2")]
    [InlineData(".spec.list[*].n", "1,2")]
    [InlineData(".spec.list[?(@.k==\"b\")].n", "2")]
    [InlineData(".metadata['a.b']", "dotted")]
    [InlineData(".metadata.a\\.b", "dotted")]
    [InlineData(".nothing.here", "")]
    [InlineData(".spec.list[9]", "")]
    public void A_path_selects(string path, string expected)
    {
        var o = JsonNode.Parse("""{"metadata":{"a.b":"dotted"},"spec":{"name":"one","list":[{"k":"a","n":1},{"k":"b","n":2}]}}""");
        Assert.Equal(expected, string.Join(',', new JsonPath(path).Select(o).Select(n => n!.ToString())));
    }

    [Fact]
    public void A_field_set_survives_its_written_form()
    {
        const string Written = """{"f:metadata":{"f:finalizers":{".":{},"v:\"x\"":{}}},"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}}}}""";
        var set = FieldSet.FromJson(JsonNode.Parse(Written)!.AsObject());
        Assert.Equal(Written, set.ToJson().ToJsonString(JsonText.Relaxed));
        Assert.Equal([".metadata.finalizers", ".metadata.finalizers[=\"x\"]", ".spec.ports[port=80,protocol=\"TCP\"]", ".spec.ports[port=80,protocol=\"TCP\"].port"], set.Paths());
        Assert.True(set.Except(set).IsEmpty);
        Assert.Equal(Written, set.Union(new()).ToJson().ToJsonString(JsonText.Relaxed));
        Assert.Equal("""{"f:spec":{"f:a":{}}}""", FieldSet.FromJson(JsonNode.Parse("""{"f:spec":{"f:a":{},"nonsense":{},"k:[]":{}}}""")!.AsObject()).ToJson().ToJsonString());
    }

    [Theory]
    [InlineData("a", "null")]
    [InlineData("a: yes", "{\"a\":\"yes\"}")]
    [InlineData("a: true", "{\"a\":true}")]
    [InlineData("a: 0o17", "{\"a\":15}")]
    [InlineData("a: 017", "{\"a\":17}")]
    [InlineData("a: 0x1F", "{\"a\":31}")]
    [InlineData("a: 1.5", "{\"a\":1.5}")]
    [InlineData("a: ~", "{\"a\":null}")]
    [InlineData("a: '1'", "{\"a\":\"1\"}")]
    [InlineData("a: 1.2.3", "{\"a\":\"1.2.3\"}")]
    [InlineData("a: 2026-01-01", "{\"a\":\"2026-01-01\"}")]
    [InlineData("a: |\n  x\n  y\n", "{\"a\":\"x\\ny\\n\"}")]
    [InlineData("a: &x {b: 1}\nc: *x", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}")]
    public void Yaml_scalars_are_those_of_the_core_schema(string yaml, string json)
    {
        var node = YamlText.Parse(Encoding.UTF8.GetBytes(yaml));
        Assert.Equal(json, node is JsonObject ? node.ToJsonString(JsonText.Relaxed) : "null");
    }

    [Fact]
    public void Written_yaml_reads_back()
    {
        var o = JsonNode.Parse("""{"a":{"b":[1,{"c":"x: y","d":[]},["z"],null]},"e":{},"f":"line\nline","g":"- no"}""")!;
        Assert.True(JsonNode.DeepEquals(o, YamlText.Parse(YamlText.ToUtf8(o))));
    }
}
