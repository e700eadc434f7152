using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Scim;

/// <summary>What a patch changes: an attribute or a part of it, in all values of the attribute or in those that a filter picks.</summary>
internal sealed record ScimTarget(ScimAttribute Attribute, ScimFilter? Filter, ScimAttribute? Part);

/// <summary>
/// Recursive descent over the grammars of filters (RFC 7644 §3.4.2.2, figure 1) and patch paths (§3.5.2, figure 7). As directories do, a filter may name a part of the values it picked:
/// <c>emails[type eq "work"].value eq "a@example.com"</c>.
/// </summary>
internal sealed class ScimFilterParser
{
    /// <summary>The longest filter or path, in UTF-16 code units.</summary>
    public const int MaxLength = 2048;

    private const int MaxDepth = 10;
    private const int MaxComparisons = 50;

    /// <summary>Of a path's filter, which a patch may ask of every member of a group, a thousand times.</summary>
    private const int MaxComparisonsInPath = 4;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:$");
    private static readonly SearchValues<char> LiteralCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");
    private static readonly string[] Operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];

    private readonly string _text;
    private readonly ScimResourceType _type;
    private readonly bool _isPath;

    /// <summary>The attribute between whose brackets we are: names are those of its parts.</summary>
    private ScimAttribute? _within;

    private int _at;
    private int _depth;
    private int _comparisons;

    private ScimFilterParser(string text, ScimResourceType type, bool isPath)
    {
        (_text, _type, _isPath) = (text, type, isPath);
        if (text.Length > MaxLength)
            throw Fault(MaxLength, $"it is longer than {MaxLength} characters");
    }

    /// <summary>Reads a filter over resources.</summary>
    /// <exception cref="ScimException"><c>invalidFilter</c>, with the position.</exception>
    public static ScimFilter ParseFilter(string text, ScimResourceType type)
    {
        var parser = new ScimFilterParser(text, type, isPath: false);
        var filter = parser.Alternatives();
        parser.End();
        return filter;
    }

    /// <summary>Reads the path of a patch operation.</summary>
    /// <exception cref="ScimException"><c>invalidPath</c> or <c>invalidFilter</c>, with the position.</exception>
    public static ScimTarget ParsePath(string text, ScimResourceType type)
    {
        var parser = new ScimFilterParser(text, type, isPath: true);
        var target = parser.Target();
        parser.End();
        return target;
    }

    private ScimTarget Target()
    {
        var (path, start) = (Path(out var at), at);
        if (!Take('['))
            return new(path.Attribute, null, path.Part);
        var filter = Inside(path, start);
        return new(path.Attribute, filter, Take('.') ? PartOf(path.Attribute) : null);
    }

    private ScimFilter Alternatives()
    {
        var left = Conditions();
        while (TakeWord("or"))
            left = new ScimFilter.Or(left, Conditions());
        return left;
    }

    private ScimFilter Conditions()
    {
        var left = Condition();
        while (TakeWord("and"))
            left = new ScimFilter.And(left, Condition());
        return left;
    }

    private ScimFilter Condition()
    {
        if (++_depth > MaxDepth)
            throw Fault(_at, $"it nests deeper than {MaxDepth} levels");
        var negated = TakeWord("not");
        ScimFilter filter;
        if (Take('('))
        {
            filter = Alternatives();
            Expect(')');
        }
        else
            filter = negated ? throw Fault(_at, "'not' needs a filter in parentheses") : Comparison();
        _depth--;
        return negated ? new ScimFilter.Not(filter) : filter;
    }

    private ScimFilter Comparison()
    {
        if (++_comparisons > (_isPath ? MaxComparisonsInPath : MaxComparisons))
            throw Fault(_at, $"it has more than {_comparisons - 1} comparisons");
        var path = Path(out var start);
        if (!Take('['))
            return Compare(path, start);
        var inner = Inside(path, start);
        if (!Take('.'))
            return new ScimFilter.OneValue(path.Attribute, inner);
        var at = _at;
        _within = path.Attribute;
        var part = Compare(new(PartOf(path.Attribute), null), at);
        _within = null;
        return new ScimFilter.OneValue(path.Attribute, new ScimFilter.And(inner, part));
    }

    /// <summary>The filter between brackets, of which the first was read.</summary>
    private ScimFilter Inside(ScimPath path, int start)
    {
        if (_within is not null || path.Part is not null || path.Attribute is not { IsMultiValued: true, Type: ScimType.Complex })
            throw Fault(start, $"{path} has no values to pick from with brackets");
        _within = path.Attribute;
        var filter = Alternatives();
        Expect(']');
        _within = null;
        return filter;
    }

    private ScimFilter Compare(ScimPath path, int start)
    {
        var at = SkipSpaces();
        var name = Word().ToLowerInvariant();
        if (name == "pr")
            return new ScimFilter.Present(path);
        if (!Operators.Contains(name))
            throw Fault(at, "an operator is expected: eq, ne, co, sw, ew, gt, ge, lt, le or pr");
        var (value, literal) = (SkipSpaces(), Literal());
        if (literal is null)
            return name switch
            {
                "eq" => new ScimFilter.Not(new ScimFilter.Present(path)),
                "ne" => new ScimFilter.Present(path),
                _ => throw Fault(value, "null can be equal or not, and nothing else"),
            };
        if (path is { Part: null, Attribute: { Type: ScimType.Complex, IsMultiValued: true } many } && many.Find("value") is { } usual)
            path = path with { Part = usual };
        return path.Leaf.Type switch
        {
            ScimType.Complex => throw Fault(start, $"{path} has parts; name the one to compare"),
            ScimType.Boolean => CompareTruth(path, name, literal, at, value),
            ScimType.DateTime => CompareTime(path, name, literal, at, value),
            _ => CompareText(path, name, literal, value),
        };
    }

    private ScimFilter.Compare CompareText(ScimPath path, string name, JsonValue literal, int at)
    {
        if (!literal.TryGetValue<string>(out var wanted))
            throw Fault(at, $"{path} is compared with a text in quotes");
        var comparison = path.Leaf.Comparison;
        Func<string, bool> test = name switch
        {
            "eq" => text => text.Equals(wanted, comparison),
            "ne" => text => !text.Equals(wanted, comparison),
            "co" => text => text.Contains(wanted, comparison),
            "sw" => text => text.StartsWith(wanted, comparison),
            "ew" => text => text.EndsWith(wanted, comparison),
            _ => text => Ordered(name, string.Compare(text, wanted, comparison)),
        };
        return new(path, name, literal, node => test(node.GetValue<string>()));
    }

    private ScimFilter.Compare CompareTruth(ScimPath path, string name, JsonValue literal, int at, int value)
    {
        if (name is not ("eq" or "ne"))
            throw Fault(at, $"{path} is true or false, which can be equal or not, and nothing else");
        if (!literal.TryGetValue<bool>(out var wanted) && !(literal.TryGetValue<string>(out var text) && bool.TryParse(text, out wanted)))
            throw Fault(value, $"{path} is compared with true or false");
        return new(path, name, JsonValue.Create(wanted), node => node.GetValue<bool>() == wanted == (name == "eq"));
    }

    private ScimFilter.Compare CompareTime(ScimPath path, string name, JsonValue literal, int at, int value)
    {
        if (name is "co" or "sw" or "ew")
            throw Fault(at, $"{path} is a time, of which no part can be compared");
        if (!literal.TryGetValue<string>(out var text) || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var wanted))
            throw Fault(value, $"{path} is compared with a time such as \"2026-01-31T08:00:00Z\"");
        return new(path, name, literal, node => Ordered(name, DateTimeOffset.Parse(node.GetValue<string>(), CultureInfo.InvariantCulture).CompareTo(wanted)));
    }

    private static bool Ordered(string name, int comparison) => name switch
    {
        "eq" => comparison == 0,
        "ne" => comparison != 0,
        "gt" => comparison > 0,
        "ge" => comparison >= 0,
        "lt" => comparison < 0,
        _ => comparison <= 0,
    };

    private ScimPath Path(out int start)
    {
        start = SkipSpaces();
        var name = Word();
        if (name.Length == 0)
            throw Fault(start, "the name of an attribute is expected");
        var path = _within is null ? _type.FindPath(name) : _within.Find(name) is { } part ? new(part, null) : null;
        return path ?? throw Fault(start, $"there is no attribute '{name}' to use here");
    }

    private ScimAttribute PartOf(ScimAttribute attribute)
    {
        var start = _at;
        var name = Word();
        return attribute.Find(name) ?? throw Fault(start, $"{attribute.Name} has no part '{name}'");
    }

    /// <summary>A JSON text, number, <c>true</c> or <c>false</c>; null for <c>null</c>.</summary>
    private JsonValue? Literal()
    {
        var start = _at;
        if (_at < _text.Length && _text[_at] == '"')
        {
            for (_at++; _at < _text.Length && _text[_at] != '"'; _at++)
                if (_text[_at] == '\\')
                    _at++;
            if (_at >= _text.Length)
                throw Fault(start, "the text is not closed by a quote");
            _at++;
        }
        else
            while (_at < _text.Length && LiteralCharacters.Contains(_text[_at]))
                _at++;
        if (start == _at)
            throw Fault(start, "a value is expected: a text in quotes, true, false or null");
        try
        {
            var literal = JsonElement.Parse(_text.AsSpan(start, _at - start));
            if (literal.ValueKind != JsonValueKind.String)
                return JsonValue.Create(literal);
            var text = literal.GetString()!;
            return text.Contains('\0', StringComparison.Ordinal) ? throw Fault(start, "no text has the character U+0000") : JsonValue.Create(text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException) // an escape that stands for half a character; a lone half
        {
            throw Fault(start, "this is no value as JSON writes it");
        }
    }

    private string Word()
    {
        var start = _at;
        while (_at < _text.Length && NameCharacters.Contains(_text[_at]))
            _at++;
        return _text[start.._at];
    }

    private bool TakeWord(string word)
    {
        var start = SkipSpaces();
        if (Word().Equals(word, StringComparison.OrdinalIgnoreCase))
            return true;
        _at = start;
        return false;
    }

    /// <summary>Takes a character if it is next, spaces before it aside; a bracket and a dot belong to the name before and stand right behind it.</summary>
    private bool Take(char character)
    {
        var at = character is '(' or ')' or ']' ? SkipSpaces() : _at;
        if (at >= _text.Length || _text[at] != character)
            return false;
        _at = at + 1;
        return true;
    }

    private void Expect(char character)
    {
        if (!Take(character))
            throw Fault(_at, $"'{character}' is expected");
    }

    private void End()
    {
        if (SkipSpaces() < _text.Length)
            throw Fault(_at, "the end is expected, or 'and' or 'or'");
    }

    private int SkipSpaces()
    {
        while (_at < _text.Length && _text[_at] == ' ')
            _at++;
        return _at;
    }

    private ScimException Fault(int at, string what) => _isPath && _within is null ? ScimException.InvalidPath(at, what) : ScimException.InvalidFilter(at, what);
}
