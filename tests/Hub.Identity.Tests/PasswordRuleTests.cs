using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Which passwords are refused because attackers try them first, and which are not.</summary>
public sealed class PasswordRuleTests
{
    private static readonly string[] Context = ["larkspur.quillfeather@firm.example", "Roberta Zwetschge", "Haferflocken & Söhne GmbH"];

    [Theory]
    [InlineData("password1234")]
    [InlineData("P@ssw0rd!!!!!")]
    [InlineData("p4$$w0rd-2026")]
    [InlineData("1234password!")]
    [InlineData("drowssap-2026")]
    [InlineData("password1password1")]
    [InlineData("4dm1n1str4t0r2024")]
    [InlineData("LetMeIn-letmein")]
    [InlineData("Summer-2024-!!")]
    [InlineData("Sommer2026!!!")]
    [InlineData("Welcome.Home.1")]
    [InlineData("iloveyou.12345")]
    [InlineData("Liverpool#2005")]
    [InlineData("alexander-1987")]
    [InlineData("Jessica&Michael")]
    [InlineData("monkey..dragon..77")]
    [InlineData("correcthorsebatterystaple")]
    [InlineData("MayTheForceBeWithYou")]
    [InlineData("codezero-2026")]
    [InlineData("codezero-hub-1")]
    [InlineData("kubernetes-admin")]
    [InlineData("motdepasse2026")]
    [InlineData("contrasena-123")]
    public void Common_passwords_are_refused_in_any_disguise(string password) => Refuses(password, "common words");

    [Theory]
    [InlineData("aaaaaaaaaaaaaa")]
    [InlineData("abcabcabcabcabc")]
    [InlineData("lantern-lantern-")]
    [InlineData("passwordpassword")]
    [InlineData("abcdefghijklmn")]
    [InlineData("zyxwvutsrqpo")]
    [InlineData("abcd1234efgh")]
    [InlineData("123456789012")]
    [InlineData("qwertyuiop123")]
    [InlineData("1qaz2wsx3edc")]
    [InlineData("!QAZ@WSX#EDC")]
    [InlineData("qweasdzxc123")]
    [InlineData("zaq12wsxcde3")]
    [InlineData("qwertzuiop12")]
    [InlineData("azertyuiop12")]
    [InlineData("asdfghjkl;'[]")]
    public void Walks_runs_and_repetitions_are_refused(string password) => Refuses(password, "keyboard");

    [Theory]
    [InlineData("24.12.1987--24")]
    [InlineData("+49 89 5551234")]
    [InlineData("19871224198x")]
    public void Dates_and_telephone_numbers_are_refused(string password) => Refuses(password, "number");

    [Theory]
    [InlineData("larkspur.quillfeather")]
    [InlineData("Quillfeather-1")]
    [InlineData("zwetschge-2026")]
    [InlineData("RobertaZwetschge")]
    [InlineData("Haferflocken!1")]
    [InlineData("h4ferfl0cken-77")]
    [InlineData("haferflocken-admin")]
    public void What_can_be_read_off_the_account_is_refused(string password)
    {
        Refuses(password, "e-mail address");
        Assert.Null(PasswordRules.FindFault("haferflocken-gravel-sonnet", Context, 12)); // a word of it among others is not all of it
    }

    [Theory]
    [InlineData("sturdy-lantern-meadow-42")]
    [InlineData("correct mule stapler tree")]
    [InlineData("ich mag grüne Äpfel sehr")]
    [InlineData("x7#kQ2!vLp9z")]
    [InlineData("63741908275519028364")]
    [InlineData("walnut-orbit-thimble-9")]
    [InlineData("日本の古い歌は夜に歌う")]
    public void Other_passwords_of_enough_length_are_taken(string password) => Assert.Null(PasswordRules.FindFault(password, Context, Math.Min(12, password.Length)));

    [Theory]
    [InlineData("elevenchars", "11 characters")]
    [InlineData("sturdy-lantern\0-meadow", "control character")]
    public void Length_and_characters_are_said(string password, string says) => Refuses(password, says);

    [Fact]
    public void The_longest_is_taken_and_one_more_is_not()
    {
        var random = new Random(20260102);
        var longest = string.Concat(Enumerable.Range(0, 256).Select(_ => (char)random.Next('!', '~')));

        Assert.Null(PasswordRules.FindFault(longest, Context, 12));
        Refuses(longest + "x", "longer than 256");
    }

    /// <summary>The passwords that lead every list of leaked ones, made twelve characters long in the ways that people do it.</summary>
    [Fact]
    public void More_than_ten_thousand_of_the_commonest_are_refused()
    {
        string[] words =
        [
            "password", "qwerty", "dragon", "monkey", "letmein", "football", "baseball", "master", "shadow", "michael", "jennifer", "jordan", "superman", "batman", "trustno", "hunter", "killer", "george",
            "charlie", "andrew", "michelle", "daniel", "jessica", "pepper", "ginger", "summer", "ashley", "nicole", "chelsea", "matthew", "access", "thunder", "cowboy", "silver", "richard", "orange",
            "merlin", "corvette", "bigdog", "cheese", "freedom", "starwars", "mercedes", "computer", "princess", "sunshine", "iloveyou", "welcome", "login", "admin", "flower", "lovely", "hello", "butterfly",
            "chocolate", "pokemon", "samsung", "liverpool", "arsenal", "barcelona",
        ];
        string[] endings = [.. Enumerable.Range(1950, 80).Select(year => year.ToString(System.Globalization.CultureInfo.InvariantCulture)), .. Enumerable.Range(0, 100).Select(number => number.ToString("00", System.Globalization.CultureInfo.InvariantCulture)), "123", "1234", "12345", "123456", "!", "!!", "1!", "123!", "?", "."];
        Func<string, string>[] disguises =
        [
            word => word, word => char.ToUpperInvariant(word[0]) + word[1..], word => word.ToUpperInvariant(),
            word => word.Replace('a', '@').Replace('o', '0').Replace('e', '3').Replace('s', '$').Replace('i', '1').Replace('t', '7'),
        ];
        var tried = (from word in words from ending in endings from disguise in disguises
                     let password = disguise(word) + ending
                     select password.Length >= 12 ? password : disguise(word) + "-" + disguise(word) + ending).Where(password => password.Length >= 12).Distinct().ToList();

        Assert.True(tried.Count > 10_000, $"{tried.Count}");
        Assert.DoesNotContain(tried, password => PasswordRules.FindFault(password, [], 12) is null);
    }

    [Fact]
    public void Passwords_made_at_random_are_taken()
    {
        var random = new Random(20260103);
        const string signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#%&*+-=?@_";
        var generated = Enumerable.Range(0, 20_000).Select(_ => string.Concat(Enumerable.Range(0, 14).Select(_ => signs[random.Next(signs.Length)]))).ToList();
        string[] syllables = ["bor", "ven", "tis", "gra", "lum", "ket", "dos", "fir", "pla", "num", "ret", "sko"];
        var phrases = Enumerable.Range(0, 5_000).Select(_ => string.Join('-', Enumerable.Range(0, 4).Select(_ => syllables[random.Next(12)] + syllables[random.Next(12)]))).ToList();

        Assert.DoesNotContain(generated.Concat(phrases), password => PasswordRules.FindFault(password, Context, 12) is not null);
    }

    private static void Refuses(string password, string says)
    {
        var fault = PasswordRules.FindFault(password, Context, 12);

        Assert.True(fault is not null, $"{password} is taken");
        Assert.Contains(says, fault, StringComparison.Ordinal);
        Assert.DoesNotContain(password, fault, StringComparison.OrdinalIgnoreCase);
    }
}
