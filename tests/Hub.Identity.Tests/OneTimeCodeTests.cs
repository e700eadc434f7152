using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>RFC 6238, against its own test vectors and an implementation apart.</summary>
public sealed class OneTimeCodeTests
{
    private static readonly byte[] Key = OneTimeCodes.Ascii("12345678901234567890");

    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(1111111111, "14050471")]
    [InlineData(1234567890, "89005924")]
    [InlineData(2000000000, "69279037")]
    [InlineData(20000000000, "65353130")]
    public void The_vectors_of_RFC_6238_appendix_B_hold_for_both(long seconds, string code)
    {
        Assert.Equal(code, OneTimeCodes.At(Key, DateTimeOffset.FromUnixTimeSeconds(seconds), 8));
        Assert.Equal(code[2..], Totp.Compute(Key, seconds / 30));
    }

    [Fact]
    public void Both_agree_on_any_secret_at_any_time()
    {
        var random = new Random(20260101);
        for (var i = 0; i < 1000; i++)
        {
            var secret = new byte[Totp.SecretBytes];
            random.NextBytes(secret);
            var time = DateTimeOffset.FromUnixTimeSeconds(random.NextInt64(0, 1L << 33));

            Assert.Equal(OneTimeCodes.At(secret, time), Totp.Compute(secret, time.ToUnixTimeSeconds() / 30));
            Assert.Equal(secret, OneTimeCodes.Read(Totp.Spell(secret)));
        }
    }

    [Theory]
    [InlineData(-61, false)]
    [InlineData(-30, true)]
    [InlineData(0, true)]
    [InlineData(30, true)]
    [InlineData(61, false)]
    public void U10_One_step_off_is_right_and_two_are_not(int seconds, bool right)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

        Assert.Equal(right, Totp.FindStep(Key, OneTimeCodes.At(Key, now.AddSeconds(seconds)), now, 0) is not null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("2870820")]
    [InlineData("２８７０８２")]
    [InlineData("94287082")]
    [InlineData("287 82")]
    public void What_is_no_code_is_refused(string code) => Assert.Null(Totp.FindStep(Key, code, DateTimeOffset.FromUnixTimeSeconds(59), 0));

    [Fact]
    public void The_address_names_the_account_and_nothing_in_an_address_adds_to_it()
    {
        var address = Totp.Address(Key, "a&issuer=Evil?#@example.com");

        Assert.StartsWith("otpauth://totp/CodeZero%20Hub:a%26issuer%3DEvil%3F%23%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CodeZero%20Hub", address, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0123-4567-89ab-cdef", "0123 4567 89AB CDEF")]
    [InlineData("0123-4567-89ab-cdef", "o1234567-89abcdef")]
    [InlineData("1111-4567-89ab-cdef", "iIlL-4567-89ab-cdef")]
    public void A_recovery_code_is_read_however_it_is_typed(string code, string typed) => Assert.Equal(RecoveryCodes.Hash(code), RecoveryCodes.Hash(typed));

    [Fact]
    public void Recovery_codes_are_all_different_and_have_no_letter_that_is_read_as_another()
    {
        var codes = Enumerable.Range(0, 1000).Select(_ => RecoveryCodes.New()).ToList();

        Assert.Equal(codes.Count, codes.Distinct().Count());
        Assert.All(codes, code => Assert.Matches(@"\A[0-9abcdefghjkmnpqrstvwxyz]{4}(-[0-9abcdefghjkmnpqrstvwxyz]{4}){3}\z", code));
    }
}
