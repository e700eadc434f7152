namespace CodeZero.Hub.Identity.Domain;

/// <summary>Texts that fingers make and nobody chooses: ways over the keyboard from key to neighbour, and runs of the alphabet and of digits.</summary>
internal static class KeyboardWalks
{
    private const string Shifted = "!@#$%^&*()_+{}|:\"<>?";
    private const string Unshifted = "1234567890-=[]\\;',./";

    /// <summary>The rows of keyboards: English, German, French. A key touches its neighbours, the key above and the one to the right of that, and so downwards.</summary>
    private static readonly string[][] Keyboards =
    [
        ["1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"],
        ["1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm,.-"],
        ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn,;:"],
    ];

    /// <summary>Whether the text is made of such walks and little else: three keys or more to each, on the whole.</summary>
    public static bool Cover(string text)
    {
        const int keysPerWalk = 3;
        var keys = string.Concat(text.ToLowerInvariant().Select(character => Shifted.IndexOf(character, StringComparison.Ordinal) is >= 0 and var at ? Unshifted[at] : character));
        return Keyboards.Any(keyboard => IsWalked((from, to) => Touch(keyboard, from, to))) || IsWalked((from, to) => Math.Abs(from - to) <= 1 || (from, to) is ('9', '0') or ('0', '9'));

        bool IsWalked(Func<char, char, bool> isNext)
        {
            var walks = 1 + Enumerable.Range(1, keys.Length - 1).Count(i => !isNext(keys[i - 1], keys[i]));
            return walks * keysPerWalk <= keys.Length;
        }
    }

    private static bool Touch(string[] keyboard, char from, char to)
    {
        if (from == to)
            return true;
        var (first, second) = (Find(keyboard, from), Find(keyboard, to));
        if (first is not { } a || second is not { } b)
            return false;
        return (b.Row - a.Row, b.Column - a.Column) is (0, 1) or (0, -1) or (1, 0) or (1, -1) or (-1, 0) or (-1, 1);
    }

    private static (int Row, int Column)? Find(string[] keyboard, char key)
    {
        for (var row = 0; row < keyboard.Length; row++)
            if (keyboard[row].IndexOf(key, StringComparison.Ordinal) is >= 0 and var column)
                return (row, column);
        return null;
    }
}
