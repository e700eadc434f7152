using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// Refuses passwords that are short, or that an attacker tries first (NIST SP 800-63B §3.1.1.2): common ones in every disguise, walks over the keyboard, repetitions,
/// and the account's own words. There are no rules about kinds of characters.
/// </summary>
internal sealed class PasswordRules(IOptions<HubIdentityOptions> options)
{
    private const string Remedy = "Three or four words that have nothing to do with each other, or with you, make a good one.";

    /// <inheritdoc cref="FindFault(string, IEnumerable{string}, int)"/>
    public string? FindFault(string password, IEnumerable<string> context) => FindFault(password, context, options.Value.Password.MinimumLength);

    /// <summary>What is wrong with the password, as a sentence for its author; null when nothing is. It never repeats the password.</summary>
    /// <param name="context">Texts that belong to the account: its address, names, organizations.</param>
    public static string? FindFault(string password, IEnumerable<string> context, int minimumLength)
    {
        if (password.Length < minimumLength)
            return $"The password has {password.Length} characters; it needs at least {minimumLength}. {Remedy}";
        if (password.Length > HubIdentityOptions.PasswordPolicy.MaximumLength)
            return $"The password is longer than {HubIdentityOptions.PasswordPolicy.MaximumLength} characters.";
        if (password.Any(char.IsControl))
            return "The password contains a control character, which many keyboards cannot type. Leave it out.";
        if (IsRepetition(password) || KeyboardWalks.Cover(password))
            return $"The password repeats itself, or follows the keyboard or the alphabet: attackers try such passwords first. {Remedy}";
        if (IsMostlyDigits(password))
            return $"The password is a number with little else, as dates and telephone numbers are: attackers try such passwords first. {Remedy}";
        if (CommonPasswords.Cover(password, new HashSet<string>()))
            return $"The password is one or two common words, perhaps with digits and signs: it is among those that attackers try first, because they are in every list of stolen passwords. {Remedy}";
        if (CommonPasswords.Cover(password, CommonPasswords.WordsOf(context)))
            return $"The password is little more than your e-mail address, your name or your organization's: attackers try such passwords first. {Remedy}";
        return null;
    }

    /// <summary>One short piece over and over: <c>aaaaaaaaaaaa</c>, <c>abcabcabcabc</c>, <c>lantern-lantern-</c>.</summary>
    private static bool IsRepetition(string password)
    {
        const int longestPiece = 8;
        var text = password.ToLowerInvariant();
        for (var period = 1; period <= longestPiece && period * 2 <= text.Length; period++)
            if (Enumerable.Range(period, text.Length - period).All(i => text[i] == text[i - period]))
                return true;
        return false;
    }

    /// <summary>Twenty digits at random are as good as a phrase; a date is not.</summary>
    private static bool IsMostlyDigits(string password)
    {
        const int longEnough = 20, fewestOthers = 4;
        return password.Length < longEnough && password.Any(char.IsAsciiDigit) && password.Count(character => !char.IsAsciiDigit(character) && !" .,-/+():_".Contains(character, StringComparison.Ordinal)) < fewestOthers;
    }
}
