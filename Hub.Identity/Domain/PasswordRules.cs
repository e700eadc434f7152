using System.Collections.Frozen;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Refuses passwords that are short, or that an attacker tries first (NIST SP 800-63B §3.1.1.2): common ones, also in disguise, and the account's own words.</summary>
internal sealed class PasswordRules(IOptions<HubIdentityOptions> options) : IPasswordValidator<Person>
{
    private static readonly FrozenSet<string> Common = ReadCommon();

    public Task<IdentityResult> ValidateAsync(UserManager<Person> manager, Person user, string? password) =>
        Task.FromResult(FindFault(password ?? "", user.Email ?? "", options.Value.Password.MinimumLength) is { } fault
            ? IdentityResult.Failed(new IdentityError { Code = "password", Description = fault })
            : IdentityResult.Success);

    /// <summary>What is wrong with the password, as a sentence for its author; null when nothing is.</summary>
    public static string? FindFault(string password, string email, int minimumLength)
    {
        if (password.Length < minimumLength)
            return $"The password has {password.Length} characters; it needs at least {minimumLength}. A few unrelated words make a good one.";
        if (password.Length > HubIdentityOptions.PasswordPolicy.MaximumLength)
            return $"The password is longer than {HubIdentityOptions.PasswordPolicy.MaximumLength} characters.";
        if (password.Any(char.IsControl))
            return "The password contains a control character, which many keyboards cannot type. Leave it out.";
        var core = Undisguise(password);
        var mostlyDigits = core.Length < 4 && password.Length < 20;
        if (mostlyDigits || Common.Contains(core) || IsRepetition(password.ToLowerInvariant()) || (core.Length >= 4 && IsRepetition(core)))
            return "This is one of the passwords that attackers try first. Choose another; a few unrelated words make a good one.";
        var local = Undisguise(email.Split('@')[0]);
        if (string.Equals(password, email, StringComparison.OrdinalIgnoreCase) || (local.Length >= 4 && core == local))
            return "The password is the e-mail address, or a part of it. Choose one that cannot be read off the account.";
        return null;
    }

    /// <summary><c>P@ssw0rd-2024!</c> → <c>password</c>: lower case, look-alikes undone, digits and signs at both ends dropped.</summary>
    private static string Undisguise(string text)
    {
        var core = text.ToLowerInvariant().Trim("0123456789 !?.,;:-_+*#&%/()[]{}<>=~^'\"".ToCharArray());
        var plain = new StringBuilder(core.Length);
        foreach (var character in core)
            plain.Append(character switch { '0' => 'o', '1' or '!' => 'i', '3' => 'e', '4' or '@' => 'a', '5' or '$' => 's', '7' => 't', ' ' or '-' or '_' or '.' => '\0', _ => character });
        return plain.Replace("\0", "").ToString();
    }

    /// <summary>One short piece over and over (<c>aaaaaaaaaaaa</c>, <c>abcabcabcabc</c>), or a run of neighbours (<c>123456789012</c>, <c>abcdefghijkl</c>).</summary>
    private static bool IsRepetition(string text)
    {
        for (var period = 1; period <= 4 && period * 2 <= text.Length; period++)
            if (Enumerable.Range(period, text.Length - period).All(i => text[i] == text[i - period]))
                return true;
        return text.Length > 1 && (Enumerable.Range(1, text.Length - 1).All(i => Follows(text[i - 1], text[i])) || Enumerable.Range(1, text.Length - 1).All(i => Follows(text[i], text[i - 1])));
    }

    private static bool Follows(char first, char second) => second == first + 1 || (first, second) is ('9', '0') or ('z', 'a');

    private static FrozenSet<string> ReadCommon()
    {
        using var reader = new StreamReader(typeof(PasswordRules).Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return reader.ReadToEnd().Split(['\n', ' ', '\r'], StringSplitOptions.RemoveEmptyEntries).SelectMany(word => new[] { word, word + word }).ToFrozenSet(StringComparer.Ordinal);
    }
}
