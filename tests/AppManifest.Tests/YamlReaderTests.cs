using System.Diagnostics;
using System.Text;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest.Tests;

public class YamlReaderTests
{
    private static YamlResult Read(string yaml) => YamlReader.Read(Encoding.UTF8.GetBytes(yaml), "f.yaml");

    private static YamlNode Only(string yaml)
    {
        var result = Read(yaml);
        Assert.Empty(result.Diagnostics);
        return Assert.Single(result.Documents);
    }

    private static Diagnostic Refused(string yaml) => Assert.Single(Read(yaml).Diagnostics, d => d.Severity == Severity.Error);

    [Theory]
    [InlineData("yes", YamlKind.Text)]
    [InlineData("No", YamlKind.Text)]
    [InlineData("on", YamlKind.Text)]
    [InlineData("y", YamlKind.Text)]
    [InlineData("12:30:45", YamlKind.Text)]
    [InlineData("2024-01-01", YamlKind.Text)]
    [InlineData("1_000", YamlKind.Text)]
    [InlineData("0b11", YamlKind.Text)]
    [InlineData("tRUE", YamlKind.Text)]
    [InlineData("'true'", YamlKind.Text)]
    [InlineData("\"9042\"", YamlKind.Text)]
    [InlineData("<<", YamlKind.Text)]
    [InlineData("=", YamlKind.Text)]
    [InlineData("True", YamlKind.Boolean)]
    [InlineData("FALSE", YamlKind.Boolean)]
    [InlineData("~", YamlKind.Null)]
    [InlineData("NULL", YamlKind.Null)]
    [InlineData("", YamlKind.Null)]
    [InlineData("0022", YamlKind.WholeNumber)]
    [InlineData("0o17", YamlKind.WholeNumber)]
    [InlineData("-0x1F", YamlKind.Text)]
    [InlineData("0x1F", YamlKind.WholeNumber)]
    [InlineData("+12", YamlKind.WholeNumber)]
    [InlineData("1.10", YamlKind.RealNumber)]
    [InlineData("1e3", YamlKind.RealNumber)]
    [InlineData(".5", YamlKind.RealNumber)]
    [InlineData("-.INF", YamlKind.RealNumber)]
    [InlineData(".nan", YamlKind.RealNumber)]
    [InlineData("1.2.3", YamlKind.Text)]
    [InlineData("!!str 12", YamlKind.Text)]
    [InlineData("! 12", YamlKind.Text)]
    [InlineData("!!int 12", YamlKind.WholeNumber)]
    public void Plain_scalars_mean_what_the_core_schema_of_YAML_1_2_says(string written, YamlKind kind)
    {
        var value = Assert.IsType<YamlScalar>(Assert.IsType<YamlMapping>(Only("a: " + written))["a"]);
        Assert.Equal(kind, value.Kind);
    }

    [Theory]
    [InlineData("1.10")]
    [InlineData("0022")]
    [InlineData("1e3")]
    [InlineData("0x1F")]
    [InlineData("True")]
    [InlineData("12345678901234567890123")]
    public void The_written_text_is_kept(string written) =>
        Assert.Equal(written, Assert.IsType<YamlScalar>(Assert.IsType<YamlMapping>(Only("a: " + written))["a"]).Text);

    [Fact]
    public void Nodes_and_keys_know_their_place()
    {
        var root = Assert.IsType<YamlMapping>(Only("a: 1\nb:\n  - x\n  -  y\n"));
        Assert.Equal(new YamlMark("f.yaml", 2, 1), root.Find("b")!.KeyMark);
        Assert.Equal(new YamlMark("f.yaml", 4, 6), Assert.IsType<YamlSequence>(root["b"]).Items[1].Mark);
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_text()
    {
        var result = YamlReader.Read(Encoding.UTF8.GetPreamble().Concat(Encoding.UTF8.GetBytes("a: 1")).ToArray(), "f.yaml");
        Assert.Equal("a", Assert.IsType<YamlMapping>(Assert.Single(result.Documents)).Entries[0].Key);
    }

    [Fact]
    public void Aliases_stand_for_what_they_name()
    {
        var root = Assert.IsType<YamlMapping>(Only("a: &x [1, 2]\nb: *x\n"));
        Assert.Same(root["a"], root["b"]);
    }

    [Theory]
    [InlineData("a: *nowhere", "manifest.unknown_alias", 1, 4)]
    [InlineData("a: &x [*x]", "manifest.unknown_alias", 1, 8)]
    [InlineData("a: 1\n---\nb: *x\n", "manifest.unknown_alias", 3, 4)]
    [InlineData("a: !secret x", "manifest.unknown_tag", 1, 4)]
    [InlineData("a: !<tag:yaml.org,2002:binary> eA==", "manifest.unknown_tag", 1, 4)]
    [InlineData("a: !!python/object:os.system [x]", "manifest.unknown_tag", 1, 4)]
    [InlineData("a: !!int x", "manifest.tag", 1, 4)]
    [InlineData("a: 1\nb: 2\na: 3", "manifest.duplicate_key", 3, 1)]
    [InlineData("a: 1\n'a': 3", "manifest.duplicate_key", 2, 1)]
    [InlineData("? [a]\n: 1", "manifest.key", 1, 3)]
    [InlineData("a: \"\\u0000\u0001\"", "manifest.encoding", 1, 11)]
    public void Defects_have_a_code_and_a_place(string yaml, string code, int line, int column)
    {
        var refused = Refused(yaml);
        Assert.Equal((code, line, column), (refused.Code, refused.Line, refused.Column));
    }

    [Theory]
    [InlineData("package: @provisioner/appengine", 1, 10, "start with @")]
    [InlineData("a: `x`", 1, 4, "start with @, `")]
    [InlineData("a:\n  plain text\n  note: more", 3, 7, "': ' inside plain text")]
    [InlineData("a: b: c", 1, 5, "': ' inside plain text")]
    [InlineData("a:\n  plain #1 text\n  more text", 3, 3, "' #' inside plain text")]
    [InlineData("a:\n\t- b", 2, 1, "spaces")]
    [InlineData("a: \"unclosed", 1, 4, "every quote and bracket")]
    [InlineData("a: [1, 2", 1, 9, "every quote and bracket")]
    [InlineData("a: \"C:\\dir\"", 1, 4, "backslash")]
    [InlineData("a: \"\\UFFFFFFFF\"", 1, 2, "YAML")]
    public void Syntax_errors_say_where_and_what_to_do(string yaml, int line, int column, string hint)
    {
        var refused = Refused(yaml);
        Assert.Equal(("manifest.syntax", line, column), (refused.Code, refused.Line, refused.Column));
        Assert.Contains(hint, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Invalid_UTF_8_is_refused_at_its_place()
    {
        var refused = Assert.Single(YamlReader.Read(new byte[] { (byte)'a', (byte)':', (byte)'\n', (byte)' ', 0xC3, 0x28 }, "f.yaml").Diagnostics);
        Assert.Equal(("manifest.encoding", 2, 2), (refused.Code, refused.Line, refused.Column));
    }

    [Fact]
    public void A_NUL_does_not_hide_what_follows_it() => Assert.Equal("manifest.encoding", Refused("a: 1\n\0\nb: 2").Code);

    [Fact]
    public void Ten_levels_of_ten_aliases_do_not_explode()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 10; i++)
            bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        var clock = Stopwatch.StartNew();
        Assert.Equal("manifest.too_many_nodes", Refused(bomb.ToString()).Code);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Aliases_cannot_nest_deeper_than_brackets()
    {
        var deep = new StringBuilder("a0: &a0 [x]\n");
        for (var i = 1; i < 40; i++)
            deep.Append($"a{i}: &a{i} [*a{i - 1}]\n");
        Assert.Equal("manifest.too_deep", Refused(deep.ToString()).Code);
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    public void Nesting_ends_at_32_levels(int depth, bool allowed) =>
        Assert.Equal(allowed, !Read(new string('[', depth) + new string(']', depth)).HasErrors);

    [Theory]
    [InlineData(512 * 1024, true)]
    [InlineData((512 * 1024) + 1, false)]
    public void Files_end_at_512_kB(int bytes, bool allowed) =>
        Assert.Equal(allowed, !Read("a: " + new string('x', bytes - 3)).HasErrors);

    [Theory]
    [InlineData("[")]
    [InlineData("{")]
    [InlineData("- ")]
    [InlineData("? ")]
    [InlineData("a: ")]
    [InlineData("&a ")]
    [InlineData("!<t> ")]
    [InlineData("---\n")]
    [InlineData("''")]
    [InlineData("\t")]
    [InlineData("a\n:")]
    [InlineData("#\n")]
    [InlineData("[a,")]
    [InlineData("{a: 1, ")]
    public void Half_a_megabyte_of_one_thing_ends_soon(string unit)
    {
        var clock = Stopwatch.StartNew();
        Read(string.Concat(Enumerable.Repeat(unit, 512 * 1024 / unit.Length)));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
    }
}
