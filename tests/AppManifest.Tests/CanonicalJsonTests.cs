using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace CodeZero.AppManifest.Tests;

public class CanonicalJsonTests
{
    private static string Canonical(string json) => Encoding.UTF8.GetString(CanonicalJson.Canonicalize(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void The_example_of_RFC_8785_3_2_2_comes_out_as_printed_there()
    {
        const string input = """
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """;
        Assert.Equal("""{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}""", Canonical(input));
    }

    [Fact]
    public void Members_sort_by_UTF_16_code_units_as_in_RFC_8785_3_2_3()
    {
        const string input = """
            {"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}
            """;
        var values = System.Text.Json.JsonDocument.Parse(Canonical(input)).RootElement.EnumerateObject().Select(m => m.Value.GetString());
        Assert.Equal(
            ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"],
            values);
    }

    // RFC 8785, appendix B: the bits of a double, and how it is written.
    [Theory]
    [InlineData("0000000000000000", "0")]
    [InlineData("8000000000000000", "0")]
    [InlineData("0000000000000001", "5e-324")]
    [InlineData("8000000000000001", "-5e-324")]
    [InlineData("7fefffffffffffff", "1.7976931348623157e+308")]
    [InlineData("ffefffffffffffff", "-1.7976931348623157e+308")]
    [InlineData("4340000000000000", "9007199254740992")]
    [InlineData("c340000000000000", "-9007199254740992")]
    [InlineData("4430000000000000", "295147905179352830000")]
    [InlineData("44b52d02c7e14af5", "9.999999999999997e+22")]
    [InlineData("44b52d02c7e14af6", "1e+23")]
    [InlineData("44b52d02c7e14af7", "1.0000000000000001e+23")]
    [InlineData("444b1ae4d6e2ef4e", "999999999999999700000")]
    [InlineData("444b1ae4d6e2ef4f", "999999999999999900000")]
    [InlineData("444b1ae4d6e2ef50", "1e+21")]
    [InlineData("3eb0c6f7a0b5ed8c", "9.999999999999997e-7")]
    [InlineData("3eb0c6f7a0b5ed8d", "0.000001")]
    [InlineData("41b3de4355555553", "333333333.3333332")]
    [InlineData("41b3de4355555554", "333333333.33333325")]
    [InlineData("41b3de4355555555", "333333333.3333333")]
    [InlineData("41b3de4355555556", "333333333.3333334")]
    [InlineData("41b3de4355555557", "333333333.33333343")]
    [InlineData("becbf647612f3696", "-0.0000033333333333333333")]
    [InlineData("43143ff3c1cb0959", "1424953923781206.2")]
    public void Numbers_are_written_as_ECMAScript_does(string bits, string written)
    {
        var number = BinaryPrimitives.ReadDoubleBigEndian(Convert.FromHexString(bits));
        Assert.Equal(written, Canonical(number.ToString("E17", CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("1e400")]
    [InlineData("[-1e400]")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData(@"""\ud800""")]
    [InlineData(@"{""\udc00"":1}")]
    public void What_has_no_canonical_form_is_refused(string json) => Assert.Throws<FormatException>(() => Canonical(json));

    [Theory]
    [InlineData("""{"a":1,"b":[true,null]}""", true)]
    [InlineData("""{"b":1,"a":1}""", false)]
    [InlineData("""{"a": 1}""", false)]
    [InlineData("1.0", false)]
    [InlineData("\"\\u0041\"", false)]
    [InlineData("{", false)]
    [InlineData("", false)]
    [InlineData(@"""\ud800""", false)]
    public void Only_canonical_bytes_are_canonical(string json, bool expected) => Assert.Equal(expected, CanonicalJson.IsCanonical(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_not_canonical() => Assert.False(CanonicalJson.IsCanonical(new byte[] { (byte)'"', 0xC3, 0x28, (byte)'"' }));

    [Fact]
    public void Nesting_past_the_limit_is_refused_instead_of_overflowing_the_stack() =>
        Assert.False(CanonicalJson.IsCanonical(Encoding.UTF8.GetBytes(new string('[', 100_000) + new string(']', 100_000))));
}

public class DigestTests
{
    [Fact]
    public void A_digest_names_content_by_its_SHA_256() =>
        Assert.Equal("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Digest.Of("abc"u8).ToString());

    [Theory]
    [InlineData("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("sha256:ba78")]
    [InlineData("sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData(" sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a")]
    [InlineData("")]
    [InlineData(null)]
    public void Other_texts_are_no_digest(string? text) => Assert.False(Digest.TryParse(text, out _));
}
